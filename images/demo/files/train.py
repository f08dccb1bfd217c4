"""Trains the model, writes checkpoints as it goes, and the finished model at the end.

A checkpoint is three files, written one after the other under their final names, as real trainers do it: whoever
uploads them has to know by itself when they are complete.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from corpus import read_fortunes, split, vocabulary_of
from model import CONTEXT, Adam, Model

SEED = 1


def main() -> None:
    arguments = parse_arguments()
    everything = read_fortunes(arguments.fortunes)
    vocabulary = vocabulary_of(everything)
    chosen = read_fortunes(arguments.fortunes, arguments.topics)
    trained, held_out = split(chosen, vocabulary)
    print(f"{len(chosen)} fortunes, {len(trained)} characters, a vocabulary of {len(vocabulary)}")

    model, optimizer, first = starting_point(arguments, vocabulary)
    begin, losses = time.monotonic(), []
    for step in range(first + 1, arguments.steps + 1):
        loss, gradients = model.gradients(*batch(trained, step, arguments.batch))
        optimizer.update(model.parameters, gradients, rate(arguments, step), step)
        losses.append(loss)
        if step % 100 == 0 or step == arguments.steps:
            # The mean since the last line: a single batch's loss jumps about too much to be read as a trend.
            loss, losses = sum(losses) / len(losses), []
            speed = (step - first) * arguments.batch / (time.monotonic() - begin)
            print(f"step {step:05d}/{arguments.steps:05d} | loss: {loss:.3f} | {speed:,.0f} characters/s")
        if step % arguments.save_every == 0 or step == arguments.steps:
            save_checkpoint(arguments.checkpoints, step, model, optimizer, measure(model, held_out))
    finish(arguments.into, model, measure(model, held_out))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fortunes", type=Path, default=Path("/usr/share/games/fortunes"))
    parser.add_argument("--topics", nargs="+", help="train on these files alone")
    parser.add_argument("--start-from", type=Path, help="a finished model's folder")
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True, help="where the finished model goes")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--save-every", type=int, required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--resume-from-step", type=int)
    return parser.parse_args()


def starting_point(arguments: argparse.Namespace, vocabulary: str) -> tuple[Model, Adam, int]:
    """The checkpoint to resume from, else the model to start from, else a new one; and the steps already done."""
    if arguments.resume_from_step is not None:
        step, folder = arguments.resume_from_step, arguments.checkpoints
        with np.load(folder / f"optim_{step:06d}.npz") as arrays:
            optimizer = Adam({name: arrays[name] for name in arrays.files})
        print(f"resumed from step {step}")
        return Model.load(folder / f"model_{step:06d}.npz", folder / f"meta_{step:06d}.json"), optimizer, step
    if arguments.start_from is not None:
        return Model.load(arguments.start_from / "model.npz", arguments.start_from / "meta.json"), Adam(), 0
    return Model.new(vocabulary, np.random.default_rng(SEED)), Adam(), 0


def batch(text: np.ndarray, step: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Places in the text drawn from the step's own seed: a resumed run sees what an undisturbed one would have seen."""
    starts = np.random.default_rng((SEED, step)).integers(0, len(text) - CONTEXT, size)
    return text[starts[:, None] + np.arange(CONTEXT)], text[starts + CONTEXT]


def rate(arguments: argparse.Namespace, step: int) -> float:
    """Warms up for 50 steps, then falls along a cosine to a twentieth."""
    progress = step / arguments.steps
    return arguments.rate * min(1, step / 50) * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * progress)))


def measure(model: Model, text: np.ndarray) -> float:
    """The loss on the first 4096 characters of a text that is not trained on."""
    starts = np.arange(min(4096, len(text) - CONTEXT))
    return model.loss(text[starts[:, None] + np.arange(CONTEXT)], text[starts + CONTEXT])


def save_checkpoint(folder: Path, step: int, model: Model, optimizer: Adam, validation: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / f"model_{step:06d}.npz")
    np.savez(folder / f"optim_{step:06d}.npz", **optimizer.state)
    meta = {"step": step, "validation_loss": round(validation, 4), "vocabulary": model.vocabulary}
    (folder / f"meta_{step:06d}.json").write_text(json.dumps(meta))
    print(f"checkpoint {step:05d} | validation: {validation:.3f}")


def finish(folder: Path, model: Model, validation: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.npz")
    meta = {"validation_loss": round(validation, 4), "vocabulary": model.vocabulary}
    (folder / "meta.json").write_text(json.dumps(meta))
    sample = model.complete("The ", 300, 0.5, np.random.default_rng(SEED))
    (folder / "sample.txt").write_text(f"The {sample}\n")
    print(f"finished | validation: {validation:.3f}\nThe {sample}")


if __name__ == "__main__":
    main()
