"""Trains a tiny GPT-2 with the Trainer of transformers and FSDP2, which saves the shards of model and optimizer.

The library wants ranks that torchrun started, so one rank too is run by torchrun with --nproc_per_node=1.
"""
from accelerate import PartialState
from accelerate.utils import DistributedType

import common
import hf_trainer
import tiny

if __name__ == "__main__":
    options = common.arguments(__doc__)
    arguments = hf_trainer.training_arguments(
        options, fsdp=True, fsdp_config={
            "version": 2, "state_dict_type": "SHARDED_STATE_DICT", "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "transformer_layer_cls_to_wrap": ["GPT2Block"]})
    # By itself accelerate takes FSDP up on accelerators only, and on a CPU goes on without it and without a word.
    PartialState().distributed_type = DistributedType.MULTI_GPU
    hf_trainer.train(options, tiny.model(), arguments)
