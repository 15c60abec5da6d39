"""Search: free text over everything that is said about a step.

Said are its address, its symbol in both alphabets, its phase, layer, sample and unit's name, the sentence that explains
its quantity, the names of the functions at work, and the author's notes. Case, and whether digits stand above or below,
do not matter. A text that is an address with steps is searched as that address alone.

No step is looked at: what is said of a quantity is a few texts with holes for its indices, and where a text matches
follows for all its elements at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from engine.activations import ACTIVATIONS
from engine.address import Address, AddressError
from engine.notation import Place
from engine.quantity import Phase, Quantity
from engine.structs import replace
from tui.recurring import Axis, Box, Recurring, around, axes_of, meet
from tui.session import Session, shown_to
from tui.settings import Settings

_HOLE = 0xE000
"""The character that stands for the index of axis 0 in a text; of axis 1 the next. A private one, so in no text."""

Constraints = dict[int, tuple[str, str]]
"""By axis: how the index is related to some digits (`is`, `begins`, `ends`, `has`), and the digits."""


class SearchError(ValueError):
    """Nothing to look for."""


class Found(Struct, frozen=True):
    """A step found."""

    step: int
    wrapped: bool
    """Whether the search went past an end of the walk and on from the other."""


class Search:
    """One text looked for in one walk.

    Raises:
        SearchError: the text is blank.
    """

    def __init__(self, session: Session, text: str, settings: Settings | None = None) -> None:
        self.text = " ".join(text.split())
        if not folded(self.text):
            raise SearchError("type what to look for: a name, a symbol, a word of an explanation, or an address")
        self._session = session
        self._settings = settings or Settings()
        self._plan = session.trace.plan
        self.address = self._address()
        """The address searched, where the text is one."""
        boxes = [around(self._plan, self.address)] if self.address else list(self._boxes())
        self.steps = Recurring(self._plan, [box for box in boxes if box is not None])
        """Where the text is said."""

    def next(self, cursor: int) -> Found | None:
        """The first match after the cursor or, past the end, from the start on; None where there is none at all."""
        return self._found(self.steps.at_or_after(cursor + 1), self.steps.at_or_after(0))

    def previous(self, cursor: int) -> Found | None:
        """The last match before the cursor or, past the start, from the end on; None where there is none at all."""
        return self._found(self.steps.at_or_before(cursor - 1), self.steps.at_or_before(self._plan.steps - 1))

    @property
    def count_per_iteration(self) -> int:
        """Matches in every iteration of a full batch, those of single iterations (notes, `@k`) left out."""
        return self.steps.count(0, once=False) if self._plan.iterations else 0

    def words(self) -> str:
        """How many places there are: `12 places an iteration`."""
        every, once = self.count_per_iteration, self.steps.count_once()
        if not every and not once:
            return self._nowhere()
        if not every:
            return f"{once:,} place{'s' * (once != 1)}"
        said = f"{every:,} place{'s' * (every != 1)} an iteration"
        return f"{said}, and {once:,} more" if once else said

    def _found(self, step: int | None, other_end: int | None) -> Found | None:
        if step is not None:
            return Found(step, False)
        return None if other_end is None else Found(other_end, True)

    def _address(self) -> Address | None:
        try:
            address = self._session.trace.resolve(self.text)
        except AddressError:
            return None
        return address if around(self._plan, address) is not None else None

    def _nowhere(self) -> str:
        if self.address is not None:
            try:
                self._session.trace.index_of(self.address)
            except AddressError as error:
                return str(error)
        return f"{self.text!r} is said nowhere"

    def _boxes(self) -> Iterator[Box]:
        query = folded(self.text)
        for block, quantity in enumerate(self._plan.blocks):
            all_axes: tuple[Axis, ...] = (None,) * axes_of(quantity)
            if any(query in folded(text) for text in _texts(self._session, quantity)):
                yield Box(block, all_axes)
                continue
            lengths = (
                *((self._session.trace.network.batches.largest,) if quantity.per_sample else ()),
                *quantity.shape,
            )
            for text, within in _templates(self._session, quantity):
                for constraints in _occurrences(folded(text), query):
                    axes = tuple(
                        meet(axis, _indices(*constraints[at], lengths[at]) if at in constraints else None)
                        for at, axis in enumerate(within)
                    )
                    yield Box(block, axes)
            yield from self._of_named_units(block, quantity, query)
        yield from self._of_notes(query)

    def _of_named_units(self, block: int, quantity: Quantity, query: str) -> Iterator[Box]:
        names = self._session.scenario.output_names
        units = tuple(at for at, name in enumerate(names, start=1) if query in folded(name))
        if units and quantity.shape and quantity.layer == self._session.trace.network.depth:
            sample: tuple[Axis, ...] = (None,) if quantity.per_sample else ()
            yield Box(block, (*sample, units, *(None,) * (len(quantity.shape) - 1)))

    def _of_notes(self, query: str) -> Iterator[Box]:
        for note in self._session.scenario.notes:
            if not shown_to(note, self._settings) or query not in folded(note.text):
                continue
            quantity = self._session.trace.names.quantity(note.address)
            if note.address.sample is not None and not quantity.per_sample:
                continue
            # a note at more than one step is shown at the first
            unit = (*note.address.unit, *(1 for _ in quantity.shape[len(note.address.unit) :]))
            box = around(self._plan, replace(note.address, unit=unit, sample=note.address.sample or 1))
            if box is not None:
                yield box


def folded(text: str) -> str:
    """A text as it is compared: without case, raised and lowered digits plain, spaces and _ alike."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def _texts(session: Session, quantity: Quantity) -> Iterator[str]:
    """What is said of every element of a quantity."""
    scenario, network = session.scenario, session.trace.network
    yield quantity.phase.value
    yield quantity.why
    yield quantity.valid
    if quantity.layer is not None:
        yield session.layer_name(quantity.layer)
        declared = scenario.layers[quantity.layer - 1]
        yield declared.name
        if quantity.name in ("a", "fprime", "jacobian"):
            yield declared.activation
            yield ACTIVATIONS[declared.activation].symbol
            for settings in (Settings(), Settings(ascii=True)):
                notation = session.notation(settings)
                yield notation.function(network.activation_symbol(quantity.layer))
    if quantity.phase is Phase.LOSS:
        yield scenario.training.loss.name
    if quantity.phase is Phase.UPDATE:
        yield scenario.training.optimizer.name


def _templates(session: Session, quantity: Quantity) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    """What is said of each element, with holes for its indices, and the elements it is said of in this form."""
    samples = int(quantity.per_sample)
    everywhere: tuple[Axis, ...] = (None,) * axes_of(quantity)
    holes = [chr(_HOLE + axis) for axis in range(axes_of(quantity))]
    unit, sample = holes[samples:], holes[0] if samples else ""
    layer = "" if quantity.layer is None else f"[{quantity.layer}]"
    yield (
        f"{quantity.name}{layer}" + (f"[{','.join(unit)}]" if unit else "") + (f"#{sample}" if sample else ""),
        everywhere,
    )
    if sample and not session.trace.network.single:
        yield f"sample {sample}", everywhere
    for settings in (Settings(), Settings(ascii=True)):
        notation = session.notation(settings)

        def symbol(unit: list[str]) -> str:
            place = Place(quantity.name, quantity.layer, tuple(unit), None if unit or not sample else sample)
            return notation.symbol(place)  # noqa: B023 - called at once

        if len(unit) < 2:
            yield symbol(unit), everywhere
            continue
        # two indices stand side by side while each has one digit, else with a comma between
        first, second = quantity.shape
        head: tuple[Axis, ...] = (None,) * samples
        short = tuple(range(1, min(first, 9) + 1)), tuple(range(1, min(second, 9) + 1))
        yield symbol(unit), (*head, *short)
        apart = symbol([hole * 2 for hole in unit])
        for hole in unit:
            apart = apart.replace(hole * 2, hole)
        yield apart, (*head, tuple(range(10, first + 1)), None)
        yield apart, (*head, short[0], tuple(range(10, second + 1)))


def _occurrences(text: str, query: str) -> Iterator[Constraints]:
    """What has to hold of the indices for the query to occur in the text; once for each way it could."""
    parts = [ord(letter) - _HOLE if _HOLE <= ord(letter) < _HOLE + 4 else letter for letter in text]
    for start, part in enumerate(parts):
        if isinstance(part, str):
            yield from _continued(parts, start, query, {})
            continue
        yield from _continued(parts, start, query, {})
        # or the query begins within the index, after its first digit
        for length in range(1, _digits(query) + 1):
            if length == len(query):
                yield {part: ("has", query)}
            else:
                yield from _continued(parts, start + 1, query[length:], {part: ("ends", query[:length])})


def _continued(parts: list[int | str], at: int, rest: str, constraints: Constraints) -> Iterator[Constraints]:
    """The ways in which `rest` can begin exactly at a part."""
    while at < len(parts) and rest and parts[at] == rest[0]:
        at, rest = at + 1, rest[1:]
    if not rest:
        yield constraints
        return
    if at == len(parts):
        return
    part = parts[at]
    if isinstance(part, str):
        return
    for length in range(1, _digits(rest) + 1):
        if length == len(rest):
            yield {**constraints, part: ("begins", rest)}
        else:
            yield from _continued(parts, at + 1, rest[length:], {**constraints, part: ("is", rest[:length])})


def _digits(text: str) -> int:
    """With how many digits a text begins; no index has more than seven."""
    return next((at for at, letter in enumerate(text[:7]) if letter not in "0123456789"), min(len(text), 7))


@lru_cache(maxsize=256)
def _indices(relation: str, digits: str, length: int) -> tuple[int, ...]:
    """The indices from 1 to `length` that are related to the digits."""
    if relation == "is":
        return (int(digits),) if digits[0] != "0" and int(digits) <= length else ()
    holds = {"begins": str.startswith, "ends": str.endswith, "has": str.__contains__}[relation]
    return tuple(index for index in range(1, length + 1) if holds(str(index), digits))
