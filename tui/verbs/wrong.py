"""The one error a verb raises for what a person got wrong, and how it is said."""

from __future__ import annotations

import sys
from contextlib import suppress

PROGRAM = "backprop-tui"


class WrongInputError(ValueError):
    """A file, an address or an option that cannot be used; exit status 2.

    Args:
        message: one or several lines; each line stands by itself.
        prefixed: whether the product's name goes before it. The faults of a file begin with their own place,
            in the form editors follow.
    """

    def __init__(self, message: str, prefixed: bool = True) -> None:
        super().__init__(message)
        self.prefixed = prefixed


def complain(message: str, prefixed: bool = True) -> None:
    """A message on stderr, after all that was written before it."""
    text = "\n".join(f"{PROGRAM}: {line}" for line in message.splitlines()) if prefixed else message
    with suppress(OSError, AttributeError):
        sys.stdout.flush()
    with suppress(OSError, AttributeError):
        sys.stderr.write(text + "\n")
