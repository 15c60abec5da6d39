"""How much is worked by hand: more than anybody would on paper, and no more than a screen can wait for."""

from __future__ import annotations

import math

from engine.formula.ground import SAMPLES
from engine.hand.formula import operations
from engine.network import Network

MAX_OPERATIONS = 20_000
"""Scalar operations of one iteration that are worked by hand: a tenth of a second or so."""
MAX_WALK = 500_000
"""Scalar operations of all iterations together that are worked to reach a place: some three seconds."""


class HandError(ValueError):
    """What is not worked by hand because it is too much; the message names the bound."""


def operations_of(network: Network) -> int:
    """The scalar operations of one iteration over the largest batch."""
    samples = network.batches.largest

    def size(space: str) -> int:
        return samples if space == SAMPLES else network.sizes[int(space.removeprefix("layer "))]

    return sum(
        operations(quantity.template, size) * math.prod(quantity.shape) * (samples if quantity.per_sample else 1)
        for quantity in network.walk
        if quantity.template is not None
    )


def check_size(network: Network) -> int:
    """The operations of an iteration.

    Raises:
        HandError: they are too many.
    """
    found = operations_of(network)
    if found > MAX_OPERATIONS:
        raise HandError(
            f"an iteration takes about {found:,} operations by hand; at most {MAX_OPERATIONS:,} are worked:"
            " take fewer units, or smaller batches"
        )
    return found
