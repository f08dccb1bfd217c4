"""What the small trainers share: their command line, their lines of output and their numbers."""
import argparse
import os
import random
import time

VOCABULARY = 64
EXAMPLES = 64
LENGTH = 12


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--output", required=True, help="the folder that holds the checkpoints")
    parser.add_argument("--steps", type=int, default=40, help="how many optimizer steps a whole run takes")
    parser.add_argument("--save-every", type=int, default=10, help="how many steps lie between two checkpoints")
    parser.add_argument("--pause", type=float, default=0, help="how many seconds to sleep after each step")
    parser.add_argument("--resume-from", help="the checkpoint to go on from, by the library's own name for it")
    parser.add_argument("--limit", type=int, help="how many checkpoints the library's own rotation keeps")
    return parser.parse_args()


def rank():
    return int(os.environ.get("RANK", "0"))


def world_size():
    return int(os.environ.get("WORLD_SIZE", "1"))


def say(text):
    if rank() == 0:
        print(text, flush=True)


class Report:
    """Prints where a run starts, each step's loss and the last loss."""

    def __init__(self, options):
        self.options = options
        self.loss = float("nan")

    def start(self, step):
        say(f"starting at {step}")

    def step(self, step, loss):
        self.loss = loss
        say(f"step {step}/{self.options.steps} loss: {loss:.6f}")

    def pause(self):
        time.sleep(self.options.pause)

    def end(self):
        say(f"end loss: {self.loss:.6f}")


def sequences(count=EXAMPLES, length=LENGTH, seed=1):
    """Token sequences that follow a simple rule, so that a loss on them falls. The first four tokens are special."""
    numbers = random.Random(seed)
    result = []
    for _ in range(count):
        first, stride = numbers.randrange(4, VOCABULARY), numbers.randrange(1, 4)
        result.append([4 + (first + stride * place) % (VOCABULARY - 4) for place in range(length)])
    return result
