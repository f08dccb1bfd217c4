"""Trains a tiny Llama 3 and saves it with torchtune's FullModelHFCheckpointer, one epoch_<N> folder for each epoch.

An epoch is as many steps as lie between two checkpoints. What else a resumed run needs lies beside the epochs' folders,
in recipe_state/recipe_state.pt, which each epoch but the last writes anew: it only goes with the newest epoch's folder.
A resumed run is given that folder, and takes the recipe's state from beside it.
"""
import json
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torchtune import training
from torchtune.models import convert_weights
from torchtune.models.llama3 import llama3

import common
import plain

SHARD = "model-00001-of-00001.safetensors"
CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 16, "intermediate_size": 32,
    "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": common.VOCABULARY,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "tie_word_embeddings": False}


def tiny_llama():
    torch.manual_seed(1)
    return llama3(
        vocab_size=CONFIG["vocab_size"], num_layers=CONFIG["num_hidden_layers"], embed_dim=CONFIG["hidden_size"],
        num_heads=CONFIG["num_attention_heads"], num_kv_heads=CONFIG["num_key_value_heads"],
        max_seq_len=CONFIG["max_position_embeddings"], intermediate_dim=CONFIG["intermediate_size"])


def write_base(folder, model):
    """The folder of a downloaded model, which the checkpointer reads first and copies its small files from."""
    weights = convert_weights.tune_to_hf(
        model.state_dict(), num_heads=CONFIG["num_attention_heads"], num_kv_heads=CONFIG["num_key_value_heads"],
        dim=CONFIG["hidden_size"])
    save_file(weights, folder / SHARD, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2))
    (folder / "generation_config.json").write_text(json.dumps({"do_sample": True}))


def checkpointer(options, base):
    files, recipe = [SHARD], None
    if options.resume_from:
        epoch = Path(options.resume_from).resolve()
        files, recipe = [str(epoch / SHARD)], str(epoch.parent / "recipe_state" / "recipe_state.pt")
    return training.FullModelHFCheckpointer(
        checkpoint_dir=str(base), checkpoint_files=files, model_type="LLAMA3", output_dir=options.output,
        recipe_checkpoint=recipe, should_load_recipe_state=recipe is not None)


def save(saver, options, model, optimizer, epochs):
    is_last = epochs * options.save_every >= options.steps
    state = {training.MODEL_KEY: model.state_dict()}
    if not is_last:
        state |= {
            training.OPT_KEY: optimizer.state_dict(), training.SEED_KEY: 1, training.EPOCHS_KEY: epochs,
            training.TOTAL_EPOCHS_KEY: options.steps // options.save_every, training.MAX_STEPS_KEY: options.save_every}
    saver.save_checkpoint(state, epoch=epochs - 1, intermediate_checkpoint=not is_last)


def train(options, base):
    report = common.Report(options)
    model = tiny_llama()
    write_base(base, model)
    saver = checkpointer(options, base)
    state = saver.load_checkpoint()
    model.load_state_dict(state[training.MODEL_KEY])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    step = 0
    if options.resume_from:
        optimizer.load_state_dict(state[training.OPT_KEY])
        step = state[training.EPOCHS_KEY] * state[training.MAX_STEPS_KEY]
    report.start(step)
    while step < options.steps:
        optimizer.zero_grad()
        tokens = plain.batch(step)
        scores = model(tokens[:, :-1])
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        if dist.is_initialized():
            for parameter in model.parameters():
                dist.all_reduce(parameter.grad)
                parameter.grad /= common.world_size()
        optimizer.step()
        step += 1
        report.step(step, plain.mean(loss))
        if step % options.save_every == 0 and common.rank() == 0:
            save(saver, options, model, optimizer, step // options.save_every)
        report.pause()
    report.end()


if __name__ == "__main__":
    plain.start_group()
    with tempfile.TemporaryDirectory() as folder:
        train(common.arguments(__doc__), Path(folder))
    plain.end_group()
