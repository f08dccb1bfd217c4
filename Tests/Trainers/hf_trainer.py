"""Trains a tiny GPT-2 with the Trainer of transformers, which saves whole-model checkpoints as checkpoint-<step>."""
from transformers import Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

import common
import tiny


def training_arguments(options, kind=TrainingArguments, **more):
    return kind(
        output_dir=options.output, max_steps=options.steps, save_steps=options.save_every, save_strategy="steps",
        save_total_limit=options.limit, logging_steps=1, per_device_train_batch_size=4, learning_rate=1e-2,
        lr_scheduler_type="linear", seed=1, use_cpu=True, report_to="none", disable_tqdm=True, **more)


def train(options, model, arguments):
    trainer = Trainer(
        model=model, args=arguments, processing_class=tiny.tokenizer(),
        train_dataset=[{"input_ids": tokens, "labels": tokens} for tokens in common.sequences()],
        callbacks=[tiny.ReportCallback(options)])
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=options.resume_from)
    tiny.finish(trainer)


if __name__ == "__main__":
    options = common.arguments(__doc__)
    train(options, tiny.model(), training_arguments(options))
