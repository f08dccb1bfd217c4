"""Debian's fortunes as a corpus of characters."""

from pathlib import Path

import numpy as np

SEPARATOR = "\n%\n"


def read_fortunes(folder: Path, topics: list[str] | None = None) -> list[str]:
    """All fortunes of the topics, or of every topic, in an order that is the same on every machine."""
    names = topics or sorted(path.name for path in folder.iterdir() if path.suffix == "" and path.is_file())
    fortunes = [
        fortune.expandtabs(8).strip("\n")
        for name in names
        for fortune in (folder / name).read_text(encoding="utf-8").split(SEPARATOR)
    ]
    # Drawings and the few texts beyond ASCII would only spend capacity of so small a model.
    return [fortune for fortune in fortunes if fortune.isascii() and _is_prose(fortune)]


def _is_prose(text: str) -> bool:
    letters = sum(character.isalpha() or character == " " for character in text)
    return len(text) >= 20 and letters >= 0.85 * len(text)


def vocabulary_of(fortunes: list[str]) -> str:
    """Every character that occurs, in code point order."""
    return "".join(sorted(set("".join(fortunes))))


def encode(text: str, vocabulary: str) -> np.ndarray:
    """The text as indices into the vocabulary; what the vocabulary lacks becomes a space."""
    indices = {character: index for index, character in enumerate(vocabulary)}
    return np.array([indices.get(character, indices[" "]) for character in text], dtype=np.int64)


def split(fortunes: list[str], vocabulary: str) -> tuple[np.ndarray, np.ndarray]:
    """What is trained on, and every fiftieth fortune, held out to measure with."""
    held_out = fortunes[::50]
    trained = [fortune for index, fortune in enumerate(fortunes) if index % 50]
    return encode("\n\n".join(trained), vocabulary), encode("\n\n".join(held_out), vocabulary)
