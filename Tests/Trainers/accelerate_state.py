"""Saves the state of a tiny training with accelerate's automatic checkpoint naming, as checkpoints/checkpoint_<count>.

The number in a folder's name counts the checkpoints from 0 on. It is not the step, which lies in a file of its own.
"""
import re
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration, set_seed

import common
import plain


class Progress:
    """The step, as an object that accelerate saves and loads."""

    def __init__(self):
        self.step = 0

    def state_dict(self):
        return {"step": self.step}

    def load_state_dict(self, state):
        self.step = state["step"]


def train(options):
    report = common.Report(options)
    accelerator = Accelerator(cpu=True, project_config=ProjectConfiguration(
        project_dir=options.output, automatic_checkpoint_naming=True, total_limit=options.limit))
    set_seed(1)
    model = plain.Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.1, options.steps * accelerator.num_processes)
    model, optimizer, schedule = accelerator.prepare(model, optimizer, schedule)
    progress = Progress()
    accelerator.register_for_checkpointing(progress)
    if options.resume_from:
        accelerator.load_state(options.resume_from)
        count = int(re.fullmatch(r"checkpoint_(\d+)", Path(options.resume_from).name)[1])
        accelerator.project_configuration.iteration = count + 1
    report.start(progress.step)
    while progress.step < options.steps:
        optimizer.zero_grad()
        loss = model(plain.batch(progress.step))
        accelerator.backward(loss)
        optimizer.step()
        schedule.step()
        progress.step += 1
        report.step(progress.step, accelerator.reduce(loss.detach(), "mean").item())
        if progress.step % options.save_every == 0:
            accelerator.save_state()
        report.pause()
    report.end()
    accelerator.end_training()


if __name__ == "__main__":
    train(common.arguments(__doc__))
