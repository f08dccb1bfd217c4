"""Trains a tiny model with Lightning, whose ModelCheckpoint writes each checkpoint as one file.

Its default name is epoch=<E>-step=<N>.ckpt.
"""
import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch.utils.data import DataLoader

import common
import plain


class Batches(DataLoader):
    """The steps' numbers in their order, with a state, so that a resumed run goes on at the next one."""

    def __init__(self, steps):
        super().__init__(range(steps), batch_size=None)
        self.next = 0

    def __iter__(self):
        for step in range(self.next, len(self.dataset)):
            self.next = step + 1
            yield step

    def state_dict(self):
        return {"next": self.next}

    def load_state_dict(self, state):
        self.next = state["next"]


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = plain.Model()

    def training_step(self, step, index):
        return self.model(plain.batch(step))

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-2)


class ReportCallback(Callback):
    def __init__(self, options):
        self.report = common.Report(options)

    def on_train_start(self, trainer, module):
        self.report.start(trainer.global_step)

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.report.step(trainer.global_step, plain.mean(outputs["loss"]))
        self.report.pause()

    def on_train_end(self, trainer, module):
        self.report.end()


def train(options):
    lightning.seed_everything(1, verbose=False)
    rotation = {"save_top_k": -1}
    if options.limit is not None:
        rotation = {"save_top_k": options.limit, "monitor": "step", "mode": "max"}
    trainer = lightning.Trainer(
        accelerator="cpu", devices=common.world_size(), strategy="ddp" if common.world_size() > 1 else "auto",
        max_steps=options.steps, logger=False, enable_progress_bar=False, enable_model_summary=False,
        use_distributed_sampler=False, callbacks=[
            ReportCallback(options),
            ModelCheckpoint(dirpath=options.output, every_n_train_steps=options.save_every, **rotation)])
    trainer.fit(Module(), Batches(options.steps), ckpt_path=options.resume_from)


if __name__ == "__main__":
    train(common.arguments(__doc__))
