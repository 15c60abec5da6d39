"""The scenarios that come with the product: found, and described without reading more than their heads."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import scenarios

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SUFFIX = ".toml"


class Shipped(NamedTuple):
    """What there is to know of a shipped scenario before it is opened."""

    name: str
    """What is typed to open it."""
    title: str
    description: str
    teaches: tuple[str, ...]
    """Exercises and ideas it is for."""
    sizes: tuple[int, ...]
    """Units per layer, the input first."""
    length: str
    """How long it trains, as the file says it: "5 iterations", "20 epochs"."""


def names() -> list[str]:
    """The names of all shipped scenarios, sorted."""
    return sorted(entry.name.removesuffix(SUFFIX) for entry in _folder().iterdir() if entry.name.endswith(SUFFIX))


def find(name: str) -> Traversable | None:
    """The file of a shipped scenario; None where there is none of that name."""
    return _folder().joinpath(name + SUFFIX) if name in names() else None


def shipped() -> Iterator[Shipped]:
    """Every shipped scenario, by name."""
    for name in names():
        yield describe(name, tomllib.loads(_folder().joinpath(name + SUFFIX).read_text(encoding="utf-8")))


def describe(name: str, file: dict[str, Any]) -> Shipped:
    """What a shipped file says of itself. Shipped files are right (tests hold it), so nothing is checked here."""
    network, training = file["network"], file["training"]
    return Shipped(
        name,
        file["title"],
        file.get("description", ""),
        tuple(file.get("teaches", ())),
        (network["inputs"], *(layer["units"] for layer in network["layers"])),
        next((_counted(training[unit], unit) for unit in ("iterations", "epochs") if unit in training), ""),
    )


def _counted(number: int, units: str) -> str:
    return f"{number} {units if number != 1 else units.removesuffix('s')}"


def _folder() -> Traversable:
    folder = Path(scenarios.__file__).parent
    if folder.is_dir():
        return folder
    # the package is in an archive; what reads one is slow to import
    from importlib import resources

    return resources.files(scenarios)
