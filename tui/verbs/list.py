"""`list`: the scenarios that come with the product. Reads their heads alone: no engine, no numpy."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace

from tui.terminal import Writer, encodes
from tui.verbs.shipped import Shipped, shipped

EXERCISE = re.compile(r"H\d+")
"""What an exercise of the course is called."""


EXERCISES = {
    "H1": "a logistic unit, forwards and inverted",
    "H2": "softmax regression with an L2 penalty, by gradient ascent",
    "H3": "the 2-2-1 softplus network, one update on paper",
    "H4": "the chain rule through 2-2-2-1, tanh and sigmoid, by both paths to one bias",
    "H5": "softmax regression with a bias, averaged over the samples and one sample at a time",
    "H6": "linear regression by gradient descent and in closed form",
    "H7": "the vanishing gradient, sigmoid against ReLU, and the dead ReLU",
    "H8": "initialisation and the variance it keeps",
    "H9": "saturation, small against large initial weights",
    "H10": "L1 and L2 penalties, and why not on the bias",
    "H11": "Gaussian noise on the inputs is an L2 penalty",
    "H12": "batch normalisation, forwards and backwards",
    "H13": "Adam's bias correction",
    "H14": "the 4-3-1 sigmoid network with all weights and biases zero",
    "H15": "two linear layers and a softmax, word2vec's shape",
}
"""What each exercise is. They are those of a first course on deep learning; a file's `teaches` names them."""


def run(options: Namespace) -> int:
    found = list(shipped())
    if options.format == "json":
        print(json.dumps([one._asdict() for one in found], ensure_ascii=not encodes(sys.stdout), indent=2))
        return 0
    writer = Writer()
    for one in found:
        writer.lines(_head(one))
        if one.description:
            writer.lines(f"  {one.description}")
    index = by_exercise(found)
    if index:
        writer.lines("", "By exercise:")
        writer.lines(*(f"  {one} ({EXERCISES.get(one, one)}): {', '.join(names)}" for one, names in index.items()))
    return 0


def by_exercise(found: list[Shipped]) -> dict[str, list[str]]:
    """Exercise (H1, H2, …, in order) → the names of its scenarios."""
    exercises = {label for one in found for label in one.teaches if EXERCISE.fullmatch(label)}
    return {
        exercise: [one.name for one in found if exercise in one.teaches]
        for exercise in sorted(exercises, key=lambda label: int(label[1:]))
    }


def _head(one: Shipped) -> str:
    teaches = f" Teaches {', '.join(one.teaches)}." if one.teaches else ""
    return f"{one.name}: {one.title}.{teaches} {'-'.join(map(str, one.sizes))}, {one.length}."
