"""Saves a tiny model with torch.distributed.checkpoint to step-<N> folders, as torchtitan does.

With more than one rank the model and its optimizer are sharded by fully_shard, so that each rank writes its own file.
"""
from pathlib import Path

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.checkpoint.stateful import Stateful
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

import common
import plain


class State(Stateful):
    """What a checkpoint holds: the model, its optimizer and the step."""

    def __init__(self, model, optimizer):
        self.model, self.optimizer, self.step = model, optimizer, 0

    def state_dict(self):
        model, optimizer = get_state_dict(self.model, self.optimizer)
        return {"model": model, "optimizer": optimizer, "step": torch.tensor(self.step)}

    def load_state_dict(self, state):
        set_state_dict(
            self.model, self.optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"])
        self.step = int(state["step"])


def train(options):
    plain.start_group()
    report = common.Report(options)
    model = plain.Model()
    if common.world_size() > 1:
        fully_shard(model, mesh=init_device_mesh("cpu", (common.world_size(),)))
    state = State(model, torch.optim.AdamW(model.parameters(), lr=1e-2))
    if options.resume_from:
        dcp.load({"train": state}, checkpoint_id=options.resume_from)
    report.start(state.step)
    while state.step < options.steps:
        state.optimizer.zero_grad()
        loss = model(plain.batch(state.step))
        loss.backward()
        state.optimizer.step()
        state.step += 1
        report.step(state.step, plain.mean(loss))
        if state.step % options.save_every == 0:
            dcp.save({"train": state}, checkpoint_id=Path(options.output) / f"step-{state.step}")
        report.pause()
    report.end()
    plain.end_group()


if __name__ == "__main__":
    train(common.arguments(__doc__))
