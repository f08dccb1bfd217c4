"""Trains a tiny GPT-2 with Axolotl, by the function that `axolotl train` calls.

The base model, the data set and the configuration are written to a folder of the run's own first, as the library reads
all three from files.
"""
import json
import os
import tempfile
from pathlib import Path

os.environ |= {"ACCELERATE_USE_CPU": "true", "AXOLOTL_DO_NOT_TRACK": "1", "DO_NOT_TRACK": "1"}

from axolotl.cli.train import do_cli
from axolotl.integrations.base import BasePlugin

import common
import tiny


class ReportPlugin(BasePlugin):
    """Hands the library the callback, as it takes plugins by their name only."""

    def add_callbacks_pre_trainer(self, cfg, model):
        return [tiny.ReportCallback(common.arguments(__doc__))]


def write_model(folder):
    tiny.model(positions=64).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)


def settings(options, folder):
    return {
        "base_model": str(folder / "model"), "special_tokens": {"pad_token": "<pad>"},
        "datasets": [{"path": str(folder / "data.jsonl"), "ds_type": "json", "type": "completion", "field": "text"}],
        "dataset_prepared_path": str(folder / "prepared"), "sequence_len": 32, "val_set_size": 0,
        "output_dir": options.output, "max_steps": options.steps, "save_strategy": "steps",
        "save_steps": options.save_every, "save_total_limit": options.limit, "logging_steps": 1,
        "micro_batch_size": 4, "gradient_accumulation_steps": 1, "optimizer": "adamw_torch", "learning_rate": 1e-2,
        "lr_scheduler": "linear", "seed": 1, "bf16": False, "fp16": False, "tf32": False, "flash_attention": False,
        "resume_from_checkpoint": options.resume_from, "plugins": ["axolotl_trainer.ReportPlugin"]}


if __name__ == "__main__":
    options = common.arguments(__doc__)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder / "model")
        rows = [{"text": tiny.text(tokens)} for tokens in common.sequences()]
        (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        config = folder / "config.yaml"
        config.write_text(json.dumps(settings(options, folder)))
        do_cli(str(config))
