"""Trains a tiny GPT-2 with LLaMA-Factory's supervised fine-tuning, by the function that `llamafactory-cli train` calls.

The base model and the data set are written to a folder of the run's own first, as the library reads both from files.
"""
import importlib.util
import json
import sys
import tempfile
from importlib.machinery import ModuleSpec
from pathlib import Path

import torch

import common
import tiny

# transformers up to 5.6, which the library pins, loads an optimizer of more than one rank to "cpu:0". torch says "cpu".
torch.serialization.register_package(
    15, lambda storage: None, lambda storage, location: storage if location == "cpu:0" else None)
if not importlib.util.find_spec("torchaudio"):
    # The library imports torchaudio, which it needs for audio alone and which there may be no build of for a CPU.
    sys.modules["torchaudio"] = importlib.util.module_from_spec(ModuleSpec("torchaudio", None))

from llamafactory.train.tuner import run_exp


def write_model(folder):
    tiny.model().save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)


def write_data(folder):
    """A data set of questions and answers, which are the halves of a sequence, and the file that describes it."""
    folder.mkdir()
    half = common.LENGTH // 2
    rows = [{"instruction": tiny.text(tokens[:half]), "input": "", "output": " " + tiny.text(tokens[half:])}
            for tokens in common.sequences()]
    (folder / "tiny.json").write_text(json.dumps(rows))
    (folder / "dataset_info.json").write_text(json.dumps({"tiny": {"file_name": "tiny.json"}}))


def settings(options, folder):
    return {
        "stage": "sft", "do_train": True, "finetuning_type": "full", "template": "empty", "cutoff_len": 32,
        "model_name_or_path": str(folder / "model"), "dataset_dir": str(folder / "data"), "dataset": "tiny",
        "output_dir": options.output, "max_steps": options.steps, "save_steps": options.save_every,
        "save_total_limit": options.limit, "logging_steps": 1, "per_device_train_batch_size": 4,
        "learning_rate": 1e-2, "lr_scheduler_type": "linear", "seed": 1, "use_cpu": True, "report_to": "none",
        "disable_tqdm": True, "overwrite_cache": True, "overwrite_output_dir": True, "preprocessing_num_workers": 1,
        "resume_from_checkpoint": options.resume_from}


if __name__ == "__main__":
    options = common.arguments(__doc__)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder / "model")
        write_data(folder / "data")
        run_exp(settings(options, folder), [tiny.ReportCallback(options)])
