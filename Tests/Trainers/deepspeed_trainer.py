"""Trains a tiny GPT-2 with the Trainer of transformers and DeepSpeed's ZeRO-2.

Each rank writes its own share of the optimizer. The library wants ranks that torchrun started, so one rank too
is run by torchrun with --nproc_per_node=1.
"""
import os

os.environ.setdefault("DS_ACCELERATOR", "cpu")

import deepspeed

import common
import hf_trainer
import tiny

CONFIG = {
    "zero_optimization": {"stage": 2},
    "train_micro_batch_size_per_gpu": "auto",
    "gradient_accumulation_steps": "auto",
    "train_batch_size": "auto",
    "gradient_clipping": "auto",
    "zero_allow_untested_optimizer": True,
}

if __name__ == "__main__":
    # DeepSpeed's own reduction over shared memory would be compiled here. The group's own serves as well.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    options = common.arguments(__doc__)
    arguments = hf_trainer.training_arguments(options, deepspeed=CONFIG)
    hf_trainer.train(options, tiny.model(), arguments)
