"""Trains a LoRA on a tiny GPT-2 with the DPOTrainer of TRL, whose checkpoints hold a second adapter, in ref/."""
from datasets import Dataset
from peft import get_peft_model
from transformers.trainer_callback import PrinterCallback
from trl import DPOConfig, DPOTrainer

import common
import hf_peft
import hf_trainer
import tiny


def preferences():
    """Prompts with the answer that follows the sequences' rule, and one that says it backwards."""
    half = common.LENGTH // 2
    return Dataset.from_list([
        {"prompt": tiny.text(tokens[:half]), "chosen": " " + tiny.text(tokens[half:]),
         "rejected": " " + tiny.text(tokens[:half - 1:-1])}
        for tokens in common.sequences()])


if __name__ == "__main__":
    options = common.arguments(__doc__)
    trainer = DPOTrainer(
        model=get_peft_model(tiny.model(), hf_peft.adapter()), processing_class=tiny.tokenizer(),
        args=hf_trainer.training_arguments(options, DPOConfig), train_dataset=preferences(),
        callbacks=[tiny.ReportCallback(options)])
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=options.resume_from)
    tiny.finish(trainer)
