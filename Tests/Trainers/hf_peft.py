"""Trains a LoRA on a tiny GPT-2 with the Trainer of transformers, which saves checkpoints of the adapter alone."""
from peft import LoraConfig, get_peft_model

import common
import hf_trainer
import tiny


def adapter():
    return LoraConfig(
        r=2, lora_alpha=4, lora_dropout=0.1, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")


if __name__ == "__main__":
    options = common.arguments(__doc__)
    model = get_peft_model(tiny.model(), adapter())
    hf_trainer.train(options, model, hf_trainer.training_arguments(options))
