"""A tiny language model and its data for the trainers that are built on torch alone."""
import datetime

import torch
import torch.distributed as dist
from torch import nn

from common import LENGTH, VOCABULARY, rank, sequences, world_size

BATCH = 4
DATA = torch.tensor(sequences())


class Model(nn.Module):
    """Says each next token from the one before it."""

    def __init__(self, seed=1):
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(VOCABULARY, 16)
        self.hidden = nn.Linear(16, 16)
        self.head = nn.Linear(16, VOCABULARY)

    def forward(self, tokens):
        scores = self.head(torch.tanh(self.hidden(self.embedding(tokens[:, :-1]))))
        return nn.functional.cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten())


def batch(step):
    """This rank's examples for a step. The order is fixed, so a step needs no more than its number."""
    first = (step * world_size() + rank()) * BATCH
    return DATA[[(first + place) % len(DATA) for place in range(BATCH)]]


def start_group():
    """Joins the other ranks that torchrun started, if there are any."""
    if world_size() > 1:
        dist.init_process_group("gloo", timeout=datetime.timedelta(minutes=2))


def end_group():
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()


def mean(loss):
    """The mean of all ranks' losses, as a number."""
    loss = loss.detach().clone()
    if dist.is_initialized():
        dist.all_reduce(loss)
        loss /= world_size()
    return loss.item()
