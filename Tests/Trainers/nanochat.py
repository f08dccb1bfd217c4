"""Writes checkpoints under the names that nanochat gives them, with a tiny model and an optimizer split over the ranks.

A checkpoint is no folder of its own: the files of all steps lie side by side, and each rank writes its own share of the
optimizer. A resumed run is given the model's file of the step, or the folder, of which it takes the last step.
"""
import json
import re
from pathlib import Path

import torch
import torch.distributed as dist

import common
import plain


def model_file(folder, step):
    return folder / f"model_{step:06d}.pt"


def optimizer_file(folder, step):
    return folder / f"optim_{step:06d}_rank{common.rank()}.pt"


def meta_file(folder, step):
    return folder / f"meta_{step:06d}.json"


def save(folder, step, model, optimizer, loss):
    folder.mkdir(parents=True, exist_ok=True)
    if common.rank() == 0:
        torch.save(model.state_dict(), model_file(folder, step))
        meta = {"step": step, "val_bpb": loss, "model_config": {"vocab_size": common.VOCABULARY, "n_embd": 16}}
        meta_file(folder, step).write_text(json.dumps(meta, indent=2))
    torch.save(optimizer.state_dict(), optimizer_file(folder, step))


def load(path, model, optimizer):
    folder = path if path.is_dir() else path.parent
    names = [file.name for file in folder.iterdir()] if path.is_dir() else [path.name]
    step = max(int(match[1]) for match in (re.fullmatch(r"[a-z]+_(\d+)(_rank\d+)?\.(pt|json)", name) for name in names)
               if match)
    model.load_state_dict(torch.load(model_file(folder, step)))
    optimizer.load_state_dict(torch.load(optimizer_file(folder, step)))
    return json.loads(meta_file(folder, step).read_text())["step"]


def train(options):
    plain.start_group()
    report = common.Report(options)
    model = plain.Model()
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters[common.rank()::common.world_size()], lr=1e-2)
    step = load(Path(options.resume_from), model, optimizer) if options.resume_from else 0
    report.start(step)
    while step < options.steps:
        model.zero_grad()
        loss = model(plain.batch(step))
        loss.backward()
        if dist.is_initialized():
            for parameter in parameters:
                dist.all_reduce(parameter.grad)
                parameter.grad /= common.world_size()
        optimizer.step()
        if dist.is_initialized():
            for number, parameter in enumerate(parameters):
                dist.broadcast(parameter.data, number % common.world_size())
        step += 1
        report.step(step, plain.mean(loss))
        if step % options.save_every == 0:
            save(Path(options.output), step, model, optimizer, report.loss)
        report.pause()
    report.end()
    plain.end_group()


if __name__ == "__main__":
    train(common.arguments(__doc__))
