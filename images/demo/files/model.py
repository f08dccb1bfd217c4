"""A character-level language model in numpy: embeddings of the last characters, two hidden layers, a softmax.

Small enough to learn English-looking words in half a minute on one slow core, and written out by hand, so that the
demo's image needs nothing but Debian's python3-numpy.
"""

import json
from pathlib import Path

import numpy as np

CONTEXT = 16
EMBEDDING = 24
HIDDEN = 256


class Model:
    """Parameters by name, and what is computed with them."""

    def __init__(self, vocabulary: str, parameters: dict[str, np.ndarray]):
        self.vocabulary = vocabulary
        self.parameters = parameters

    @classmethod
    def new(cls, vocabulary: str, random: np.random.Generator) -> "Model":
        """A model that knows nothing yet."""

        def matrix(rows: int, columns: int) -> np.ndarray:
            # Scaled by the number of inputs: the signal then keeps its size through the layers.
            return (random.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)

        size = len(vocabulary)
        return cls(
            vocabulary,
            {
                "embedding": (random.standard_normal((size, EMBEDDING)) * 0.3).astype(np.float32),
                "w1": matrix(CONTEXT * EMBEDDING, HIDDEN),
                "b1": np.zeros(HIDDEN, np.float32),
                "w2": matrix(HIDDEN, HIDDEN),
                "b2": np.zeros(HIDDEN, np.float32),
                # Near zero: the first guess is then uniform, and no step is lost on unlearning a wild one.
                "w3": matrix(HIDDEN, size) * np.float32(0.1),
                "b3": np.zeros(size, np.float32),
            },
        )

    @classmethod
    def load(cls, weights: Path, meta: Path) -> "Model":
        """A model as `save` left it."""
        vocabulary = json.loads(meta.read_text())["vocabulary"]
        with np.load(weights) as arrays:
            return cls(vocabulary, {name: arrays[name] for name in arrays.files})

    def save(self, weights: Path) -> None:
        """Writes the parameters."""
        np.savez(weights, **self.parameters)

    def logits(self, contexts: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Scores of the next character for each row of CONTEXT indices, and the activations that `gradients` needs."""
        p = self.parameters
        embedded = p["embedding"][contexts].reshape(len(contexts), -1)
        first = np.maximum(embedded @ p["w1"] + p["b1"], 0)
        # A residual: the second layer only has to learn what the first one missed.
        second = first + np.maximum(first @ p["w2"] + p["b2"], 0)
        return second @ p["w3"] + p["b3"], (embedded, first, second)

    def loss(self, contexts: np.ndarray, targets: np.ndarray) -> float:
        """The mean negative log-likelihood of the targets, in nats per character."""
        scores, _ = self.logits(contexts)
        return float(-np.log(softmax(scores)[np.arange(len(targets)), targets]).mean())

    def gradients(self, contexts: np.ndarray, targets: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss, and its derivative by every parameter."""
        p = self.parameters
        scores, (embedded, first, second) = self.logits(contexts)
        rows = np.arange(len(targets))
        probabilities = softmax(scores)
        loss = float(-np.log(probabilities[rows, targets]).mean())

        # The derivative of softmax and logarithm together is this difference.
        d_scores = probabilities
        d_scores[rows, targets] -= 1
        d_scores /= len(targets)
        d_second = d_scores @ p["w3"].T
        d_inner = d_second * (second > first)
        d_first = (d_second + d_inner @ p["w2"].T) * (first > 0)
        d_embedded = (d_first @ p["w1"].T).reshape(-1, EMBEDDING)
        # A product with one-hot rows adds up by character; numpy's `add.at` does the same many times slower.
        one_hot = np.zeros((contexts.size, len(self.vocabulary)), np.float32)
        one_hot[np.arange(contexts.size), contexts.ravel()] = 1
        return loss, {
            "embedding": one_hot.T @ d_embedded,
            "w1": embedded.T @ d_first,
            "b1": d_first.sum(0),
            "w2": first.T @ d_inner,
            "b2": d_inner.sum(0),
            "w3": second.T @ d_scores,
            "b3": d_scores.sum(0),
        }

    def complete(self, prompt: str, length: int, temperature: float, random: np.random.Generator) -> str:
        """So many characters that may follow the prompt, drawn one by one."""
        from corpus import encode

        # Fortunes are joined by empty lines, so that a short prompt looks like the beginning of one.
        context = encode(("\n\n" * CONTEXT + prompt)[-CONTEXT:], self.vocabulary)
        drawn = []
        for _ in range(length):
            scores, _ = self.logits(context[None])
            index = random.choice(len(self.vocabulary), p=softmax(scores.astype(np.float64) / temperature)[0])
            drawn.append(self.vocabulary[index])
            context = np.append(context[1:], index)
        return "".join(drawn)


class Adam:
    """Adam: steps scaled by running means of the gradient and of its square (Kingma and Ba, arXiv:1412.6980)."""

    def __init__(self, state: dict[str, np.ndarray] | None = None):
        self.state = state or {}

    def update(self, parameters: dict[str, np.ndarray], gradients: dict[str, np.ndarray], rate: float, step: int):
        """Moves the parameters by one step, the first being 1."""
        # The means start at zero; this makes up for it in the first steps.
        scale = np.float32(rate * np.sqrt(1 - 0.99**step) / (1 - 0.9**step))
        for name, gradient in gradients.items():
            mean = self.state.setdefault(f"{name}.mean", np.zeros_like(gradient))
            square = self.state.setdefault(f"{name}.square", np.zeros_like(gradient))
            mean += np.float32(0.1) * (gradient - mean)
            square += np.float32(0.01) * (gradient * gradient - square)
            parameters[name] -= scale * mean / (np.sqrt(square) + np.float32(1e-8))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Each row as probabilities; the largest score is taken off first, so that nothing overflows."""
    exponentials = np.exp(scores - scores.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)
