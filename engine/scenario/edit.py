"""What if: a scenario's file with one number or one key of it changed, comments and layout kept.

A draft is the text of a file and where it lies. Nothing of it changes: an edit gives another draft, and undoing is
going back to the one before. Every draft that an edit gives can be read.
"""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from engine.address import Address, AddressError
from engine.batches import Batches
from engine.names import Names
from engine.network import Network
from engine.scenario import read
from engine.scenario.changes import about, put, renamed
from engine.scenario.errors import Key, ScenarioError, key_text
from engine.scenario.literals import MAX_WRITTEN, EditError, bound, matrix, number, toml
from engine.scenario.model import Array, Scenario
from engine.scenario.rewrite import MISSING, RewriteError, Source, string
from engine.scenario.syntax import SyntaxFaultError
from engine.scenario.targets import (
    GIVEN,
    NAMED,
    TargetError,
    holder,
    key_of,
    names_for,
    suggestion,
    words_for,
)
from engine.scenario.words import count
from engine.structs import replace

if TYPE_CHECKING:
    from engine.trace import Trace

__all__ = ["MAX_WRITTEN", "Draft", "EditError"]

_DURATION = ("iterations", "epochs")
"""Keys of [training] of which there is exactly one."""


class _Place(Struct, frozen=True):
    """Where a given number is written."""

    whole: Key
    """The array it is in; for a number that stands alone, its own key."""
    index: tuple[int, ...]
    """Its position there, from 0."""
    array: Array | None
    """The array as the file would write it out; None for a number that stands alone."""


class Draft(Struct, frozen=True, dict=True):
    """The text of a scenario's file, and the path beside which the files it names are found."""

    body: str
    """The text with plain newlines, unless its line ends are of both kinds, and without a byte-order mark."""
    path: Path
    newline: str = "\n"
    bom: bool = False

    @staticmethod
    def of(source: Path | str, path: Path | str | None = None) -> Draft:
        """The draft of a file, or of a text: a string with a line break in it, for which `path` says where it lies.

        Raises:
            ScenarioError: the file cannot be read, or is not UTF-8. What is wrong in the text is said by `scenario`.
        """
        if isinstance(source, str) and "\n" in source:
            return _draft(source, Path("scenario.toml" if path is None else path))
        data = read.contents(source)
        try:
            return _draft(data.decode("utf-8"), Path(source))
        except UnicodeDecodeError:
            read.read_text(data, source)
            raise

    @property
    def text(self) -> str:
        """The whole text, line ends and byte-order mark as they were."""
        body = self.body if self.newline == "\n" else self.body.replace("\n", self.newline)
        return f"\ufeff{body}" if self.bom else body

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario.

        Raises:
            ScenarioError: the text is none.
        """
        return read.read_text(self.body, self.path)

    def set(self, target: str, value: str | float, *, aside: bool = False) -> Draft:
        """A draft in which a given number or a key has another value.

        Args:
            target: the address of a given number, which is a starting value (`W[1][2,1]`, `b[1][1]`, `x[1]#2`, `lr`;
                `#s` is the position in batch @k, the first where no @k is given), or a key (`training.seed`,
                `network.layers[1].activation`, `data.names.inputs`) or the usual short form of one (`activation[1]`,
                `loss`, `iterations`, `learning_rate`).
            value: a number; for a key also TOML, or a word or text without quotes.
            aside: leave out expected values, notes, goals and comparisons that name what is then no longer there,
                rather than refuse the edit.

        Raises:
            EditError: there is no such target, the value does not fit, or the text would no longer read.
        """
        target = target.strip()
        try:
            if self._is_given(target):
                return self._made(self._with_number(self._address(target), number(target, value)), aside)
            return self._made(self._with_key(self._key(target), target, value), aside)
        except RewriteError as error:
            raise EditError(f"{target}: {error}") from None

    def without(self, target: str) -> Draft:
        """A draft without a key, which then has its default.

        Raises:
            EditError: there is no such key, or it may not be missing.
        """
        target = target.strip()
        if self._is_given(target):
            raise EditError(f"{target} is a number: it can be changed, not left out")
        key = self._key(target)
        try:
            return self._made(self._source.without(key))
        except RewriteError as error:
            raise EditError(str(error)) from None

    def explicit(self) -> Draft:
        """A draft in which all starting weights and biases are written out that the file has drawn.

        Raises:
            EditError: they are too many.
        """
        source = self._source
        for at, layer in enumerate(self.scenario.layers):
            key: Key = ("network", "layers", at)
            weights, biases = source.get((*key, "weights")), source.get((*key, "biases"))
            if layer.tied_to is None and not isinstance(weights, list):
                whole: Key = (*key, "weights")
                source = source.put(whole, matrix(key_text(whole), self._as_written(layer.weights)))
            if layer.biases is not None and not layer.shared_bias and not isinstance(biases, list):
                whole = (*key, "biases")
                source = source.put(whole, matrix(key_text(whole), layer.biases))
        return self._made(source)

    def on_its_own(self) -> Draft:
        """A draft that reads wherever it is saved: data from a file written out, comparisons with others left out.

        Raises:
            EditError: the data are too many numbers.
        """
        draft = self
        if draft._source.get(("data", "csv")) is not MISSING:
            draft = draft._made(draft._data_written_out(("data", "x"), draft.scenario.x))
        if draft._source.get(("comparisons",)) is not MISSING:
            draft = draft.without("comparisons")
        return draft

    def choices(self, target: str) -> tuple[str, ...]:
        """The words that may be the value of a key; none where it takes numbers or texts, or there is no such key."""
        target = target.strip()
        try:
            key = self._key(target)
        except EditError:
            return ()
        named = holder(key)
        if named is not None:
            return names_for(str(named[-1]))
        beside = self._source.get(key[:-1])
        if isinstance(beside, dict):
            beside = beside.get(NAMED.get(str(key[-2]) if len(key) > 1 else "", ""))
        return words_for(key, beside)

    def editable(self, trace: Trace, address: Address | str) -> list[str]:
        """Targets of the given numbers that a number of a walk comes from, nearest first (see `engine.given`).

        Raises:
            AddressError: the address names nothing.
        """
        from engine.given import behind

        return behind(trace, trace.names.resolve(address) if isinstance(address, str) else address)

    # what is meant

    @cached_property
    def _source(self) -> Source:
        try:
            return Source(self.body)
        except SyntaxFaultError:
            # the reader says the same with its place
            try:
                read.read_text(self.body, self.path)
            except ScenarioError as error:
                raise EditError(str(error), error.problems) from None
            raise

    @cached_property
    def _names(self) -> Names:
        try:
            return Names(Network(self.scenario))
        except ScenarioError as error:
            raise EditError(str(error), error.problems) from None

    def _is_given(self, target: str) -> bool:
        return re.split(r"[\[#@\s]", target, maxsplit=1)[0] in GIVEN or target.startswith("a[0]")

    def _key(self, target: str) -> Key:
        layers = self._source.get(("network", "layers"))
        try:
            key = key_of(target, len(layers) if isinstance(layers, list) else 0)
        except TargetError as error:
            raise EditError(str(error)) from None
        if key is not None:
            return key
        try:
            address = self._names.resolve(target)
        except AddressError as error:
            known = re.split(r"[\[#@\s]", target, maxsplit=1)[0] in self._names.known
            raise EditError(str(error) if known else f"{target}: {suggestion(target, self._names.known)}") from None
        raise EditError(self._calculated(address))

    def _calculated(self, address: Address) -> str:
        from engine.given import behind
        from engine.trace import Trace

        start = address.at(0)
        near = behind(Trace(self.scenario), start, most=3)
        listed = " or ".join(", ".join(near).rsplit(", ", 1)) if near else "a weight, a bias, an input or lr"
        return f"{address} is calculated, not given: edit {listed}"

    def _address(self, target: str) -> Address:
        try:
            return self._names.resolve(target)
        except AddressError as error:
            tied = re.match(r"W\s*\[\s*(\d+)\s*\]", target)
            layers = self.scenario.layers
            if tied and 1 <= int(tied[1]) <= len(layers) and layers[int(tied[1]) - 1].tied_to is not None:
                layer = layers[int(tied[1]) - 1]
                turned = ", transposed" if layer.tied_transposed else ""
                raise EditError(
                    f"{target}: layer {tied[1]} uses the W of layer {layer.tied_to}{turned}: edit W[{layer.tied_to}]"
                ) from None
            raise EditError(str(error)) from None

    # numbers

    def _place(self, address: Address) -> _Place:
        """Where the number of an address stands; the same number that `engine.goal.changed` changes."""
        scenario, name = self.scenario, address.name
        if name in ("x", "y"):
            return self._data_place(address)
        if address.k:
            raise EditError(f"{address} is calculated, not given: edit where it starts, {address.at(None)}")
        if name == "lr":
            schedule = scenario.training.schedule
            if schedule is not None and schedule.name == "list":
                raise EditError("lr: the file lists a learning rate per update: edit training.schedule")
            return _Place(("training", "optimizer", "learning_rate"), (), None)
        at = (address.layer or 1) - 1
        whole: Key
        layer, key = scenario.layers[at], ("network", "layers", at)
        index = tuple(one - 1 for one in address.unit)
        if name == "W":
            array, whole = self._as_written(layer.weights), (*key, "weights")
            index = index[::-1] if self._from_to else index
        elif name == "b":
            if layer.shared_bias:
                return _Place((*key, "biases", "shared"), (), None)
            assert layer.biases is not None
            array, whole = layer.biases, (*key, "biases")
        else:
            given = layer.normalisation
            assert given is not None
            zero = 0.0 * given.gamma
            array = {
                "gamma": given.gamma,
                "beta": given.beta,
                "running_mean": zero if given.running_mean is None else given.running_mean,
                "running_var": zero + 1.0 if given.running_var is None else given.running_var,
            }[name]
            whole = (*key, "normalisation", name)
        self._check_one(address, index, array)
        return _Place(whole, index, array)

    @property
    def _from_to(self) -> bool:
        """Whether the file's matrices have a row per input."""
        return bool(self._source.get(("network", "weights_order")) == "from_to")

    def _as_written(self, weights: Array) -> Array:
        """A matrix as the file would have it."""
        return weights.T if self._from_to else weights

    def _data_place(self, address: Address) -> _Place:
        scenario, name = self.scenario, address.name
        rows = Batches(scenario.samples, scenario.training).rows(address.k or 0)
        if address.sample is None and len(rows) > 1:
            example = replace(address, unit=address.unit or (1,), sample=1)
            raise EditError(f"{address}: the batch has {len(rows):,} samples: say which, like {example}")
        sample = address.sample or 1
        if sample > len(rows):
            raise EditError(f"{address}: the batch has {count(len(rows), 'sample')}")
        array = scenario.x if name == "x" else scenario.y
        index = (int(rows[sample - 1]), *(one - 1 for one in address.unit))
        self._check_one(address, index, array)
        return _Place(("data", name), index, array)

    def _check_one(self, address: Address, index: tuple[int, ...], array: Array) -> None:
        if len(index) != array.ndim:
            unit = (1,) * (len(address.unit) + array.ndim - len(index))
            raise EditError(f"{address} is {count(array.size, 'number')}: name one, like {replace(address, unit=unit)}")

    def _with_number(self, address: Address, written: str) -> Source:
        place = self._place(address)
        source = self._source
        if place.array is None:
            return put(source, place.whole, written)
        key = (*place.whole, *place.index)
        if isinstance(source.get(key), int | float) and source.span(key) is not None:
            return source.put(key, written)
        array = place.array.copy()
        array[place.index] = float(written)
        if place.whole[0] == "data":
            return self._data_written_out(place.whole, array)
        return put(source, place.whole, matrix(key_text(place.whole), array))

    def _data_written_out(self, whole: Key, array: Array) -> Source:
        """The data as rows of numbers, in place of a file, a set or names of classes, the names of columns kept."""
        scenario, source = self.scenario, self._source
        x, y = (array, scenario.y) if whole[1] == "x" else (scenario.x, array)
        origin = next((name for name in ("csv", "set") if source.get(("data", name)) is not MISSING), None)
        if origin is None:
            source = source.put(whole, matrix(key_text(whole), array))
        else:
            bound(f"data.{origin}", x.size + y.size)
            source = source.restate(("data", origin), {"x": matrix("data.x", x), "y": matrix("data.y", y)})
        for what, names in (("inputs", scenario.input_names), ("outputs", scenario.output_names)):
            if names and source.get(("data", "names", what)) != list(names):
                source = source.put(("data", "names", what), f"[{', '.join(map(string, names))}]")
        return source

    # keys

    def _with_key(self, key: Key, target: str, value: str | float) -> Source:
        source, written = self._source, toml(target, value)
        named = holder(key)
        if len(key) == 2 and key[0] == "training" and key[1] in _DURATION:
            other = ("training", _DURATION[key[1] == "iterations"])
            if source.get(other) is not MISSING and source.get(key) is MISSING:
                return source.restate(other, {str(key[1]): written})
        name = tomllib.loads(f"v = {written}")["v"]
        if named is not None and isinstance(name, str):
            return renamed(source, named, name, written)
        return put(source, key, written)

    def _made(self, source: Source, aside: bool = False) -> Draft:
        """The draft of a changed text, once it is known to read; with `aside` by what is about the walk, not in it."""
        draft = replace(self, body=source.text)
        try:
            draft.scenario  # noqa: B018 - read here, so that a draft that cannot be read is never handed out
        except ScenarioError as error:
            places = [about(problem.key) for problem in error.problems]
            if not aside or None in places:
                raise EditError(str(error), error.problems) from None
            # from the last on, so that those before keep their places
            found = {key for key in places if key is not None}
            for key in sorted(found, key=lambda key: key[1] if isinstance(key[1], int) else -1, reverse=True):
                source = source.without(key)
            return self._made(source)
        draft.__dict__["_source"] = source
        return draft


def _draft(text: str, path: Path) -> Draft:
    bom = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    if text.count("\r\n") and text.count("\r\n") == text.count("\n"):
        return Draft(text.replace("\r\n", "\n"), path, "\r\n", bom)
    return Draft(text, path, "\n", bom)
