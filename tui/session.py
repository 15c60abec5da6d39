"""What a walk on a screen is, without a screen: the trace, the moves, the notes, the words of a position.

No widget lives here, so that plain text and the app move and speak alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache, partial

from engine.address import Address, AddressError
from engine.hand.trace import HandTrace
from engine.notation import Notation, Place
from engine.notation_style import Style
from engine.paths import paths
from engine.plan import Granularity
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import SHORTEST, Printer
from engine.quantity import Kind
from engine.scenario.model import Note, Scenario
from engine.structs import replace
from engine.symmetry import Units, identical_units, statement, statements
from engine.trace import Progress, Step, Trace
from tui.by_hand import ByHand
from tui.draw.cells import width_of
from tui.series import Series
from tui.settings import Settings
from tui.terminal import to_ascii

_WHOLE = re.compile(r"[+-]?[0-9]+")
_ITERATION = re.compile(
    r"(?P<state>@)\s*(?P<k>[0-9][0-9,_]*)|(?:iteration\s*)?(?P<number>[0-9][0-9,_]*)\.?", re.IGNORECASE
)
"""`@7`, `iteration 7`, `7.`; a bare number is a step, and told apart before."""

COMPARED = 20_000
"""Numbers of a state up to which its units are compared with one another: some milliseconds."""

TERMS_SHOWN = 8
"""Terms of a sum beyond which a screen leaves out the middle."""


AT_ONCE = 2_000_000
"""Multiplications run on the spot when the cursor jumps, some 30 ms; more are left to a computation of their own."""
OVERHEAD, SCALAR_OVERHEAD = 5_000, 200
"""What an iteration costs beside its multiplications, in multiplications: by arrays, by code of its own."""


class TargetError(ValueError):
    """What was typed leads nowhere; the message says why."""


class Session:
    """One scenario being walked."""

    def __init__(self, scenario: Scenario, before: Session | None = None) -> None:
        self.scenario = scenario
        self.before = before
        """The walk before the last edit, to mark what it changed."""
        self.trace = Trace(scenario)
        self._small = self.trace.network.layout.size <= COMPARED
        self._identical = lru_cache(maxsize=8)(self._find_identical)
        self.paths = lru_cache(maxsize=16)(partial(paths, self.trace))
        """`engine.paths.paths` of this walk by address, kept while a person steps around in an iteration."""
        self._notation = lru_cache(maxsize=16)(partial(Notation, self.trace.network))

    def _find_identical(self, k: int) -> dict[int, list[Units]]:
        return identical_units(self.trace, k) if self._small else {}

    @property
    def last(self) -> int:
        """The last step."""
        return len(self.trace) - 1

    def style(self, settings: Settings) -> Style:
        """The notation: as the settings say, else as the scenario's author does."""
        return settings.style or self.scenario.notation

    def notation(self, settings: Settings) -> Notation:
        """How symbols are written."""
        return self._notation(settings.ascii, self.style(settings))

    @cached_property
    def by_hand(self) -> ByHand | None:
        """The walk calculated by hand, for a screen; None where the scenario does not say how."""
        return ByHand(self.trace) if self.scenario.arithmetic else None

    @property
    def hand(self) -> HandTrace | None:
        """The same for whoever can wait."""
        return self.by_hand.hand if self.by_hand else None

    @cached_property
    def series(self) -> Series:
        """What curves are drawn from."""
        return Series(self.trace)

    def printer(self, settings: Settings) -> Printer:
        """The printer of a screen: rounded, long sums abridged unless asked for whole."""
        make = AsciiPrinter if settings.ascii else Printer
        return make(self.notation(settings), settings.digits, 0 if settings.whole else TERMS_SHOWN)

    def exact_printer(self, settings: Settings) -> Printer:
        """Shortest exact digits, nothing left out."""
        make = AsciiPrinter if settings.ascii else Printer
        return make(self.notation(settings), SHORTEST, 0)

    def export_printer(self, settings: Settings) -> Printer:
        """The same for files that programs read: symbols as notation has them, numbers with a decimal point."""
        style = replace(self.style(settings), decimal=".")
        return self.exact_printer(replace(settings, style=style))

    # moves: pure functions of the cursor

    def forward(self, cursor: int, granularity: Granularity) -> int:
        return self.trace.plan.after(cursor, granularity)

    def back(self, cursor: int, granularity: Granularity) -> int:
        return self.trace.plan.before(cursor, granularity)

    def same(self, other: Session, cursor: int) -> int:
        """The step of this walk that stands where `cursor` stands in another: the same address, else the same share."""
        address = other.trace.plan.place(cursor).address
        try:
            return self.trace.index_of(self.trace.resolve(str(address)))
        except AddressError:
            return min(self.last, cursor * len(self.trace) // len(other.trace))

    def near(self, step: int) -> bool:
        """Whether what a step needs is there, or computed before anybody notices."""
        k = self.trace.plan.k_of(step)
        distances = [(walk, walk.trace.distance(k)) for walk in self._compared(k)]
        return all(distance <= 1 or walk.quick(distance) for walk, distance in distances)

    def reach(self, step: int, progress: Progress | None = None) -> bool:
        """Compute what a step needs. May be called in a thread; False if `progress` stopped it."""
        k = self.trace.plan.k_of(step)
        return all(walk.trace.reach(k, progress) for walk in self._compared(k))

    def _compared(self, k: int) -> tuple[Session, ...]:
        """The walks whose numbers at @k are needed: this one, and the one before, against which changes are marked."""
        before = self.before
        return (self,) if before is None or k > before.trace.plan.iterations else (self, before)

    def quick(self, updates: int) -> bool:
        """Whether so many updates are run before anybody notices."""
        return self.cost(updates) <= AT_ONCE

    def cost(self, updates: int) -> int:
        """What so many updates take, in multiplications."""
        overhead = SCALAR_OVERHEAD if self.trace.runner.instant else OVERHEAD
        return updates * (overhead + self.trace.network.layout.size * self.trace.network.batches.largest)

    def beside(self, cursor: int, unit: int = 0, sample: int = 0) -> int | None:
        """The step of the same quantity so many units or samples further; None where there is none."""
        place = self.trace.plan.place(cursor)
        if (unit and not place.unit) or (sample and place.sample is None):
            return None
        row = (place.unit[0] + unit, *place.unit[1:]) if unit else place.unit
        at = None if place.sample is None else place.sample + sample
        address = replace(place.address, unit=row, sample=at)
        if (row and not 1 <= row[0] <= place.quantity.shape[0]) or at == 0:
            return None
        try:
            return self.trace.index_of(address)
        except AddressError:
            return None

    def target(self, text: str, cursor: int) -> int:
        """The step that text like `17`, `50%` or `dW[1][2,1]` names; an address without @k in this iteration.

        `iteration 7` and `7.` are the start of iteration 7; `@7`, as in addresses, of the one computed from state @7.

        Raises:
            TargetError: it names no step.
        """
        text = text.strip()
        if not text:
            raise TargetError("type a step number, a percentage like 50%, or an address like a[2][1]")
        number = text.removesuffix("%").replace(",", "").replace("_", "")
        if text.endswith("%"):
            return self._percentage(text, number)
        if _WHOLE.fullmatch(number):
            # a longer number is no step of any walk, and Python refuses to read the longest
            step = int(number) if len(number) < 20 else 0
            if not 1 <= step <= len(self.trace):
                raise TargetError(f"there is no step {text}; expected 1 to {len(self.trace):,}")
            return step - 1
        iteration = _ITERATION.fullmatch(text)
        if iteration:
            return self._start_of(text, iteration)
        try:
            return self.trace.index_of(self.trace.resolve(text), self.trace.plan.k_of(cursor))
        except AddressError as error:
            raise TargetError(str(error)) from None

    def _start_of(self, text: str, match: re.Match[str]) -> int:
        """The first step of the iteration that `@7` or `iteration 7` names."""
        last = self.scenario.training.iterations
        digits = (match["k"] or match["number"]).replace(",", "").replace("_", "")
        # a longer number is no iteration of any walk, and Python refuses to read the longest
        number = int(digits) if len(digits) < 20 else last + 1
        if match["state"]:
            if number >= last:
                expected = f"expected @0 to @{last - 1:,}" if last else "this walk has no iteration"
                raise TargetError(f"no iteration is computed from state {text}; {expected}")
            return self.trace.plan.start(number)
        if not 1 <= number <= last:
            expected = f"expected 1 to {last:,}" if last else "this walk has none"
            raise TargetError(f"there is no iteration {match['number']}; {expected}")
        return self.trace.plan.start(number - 1)

    def _percentage(self, text: str, number: str) -> int:
        try:
            share = float(number)
        except ValueError:
            raise TargetError(f"{text!r} is not a percentage; expected something like 50%") from None
        if not 0 <= share <= 100:
            raise TargetError(f"{text} is not on the walk; expected 0% to 100%")
        # by whole numbers: a long walk has more steps than a float has digits
        return min(self.last, len(self.trace) * round(share * 10**6) // 10**8)

    # words

    def notes(self, step: Step, settings: Settings) -> list[Note]:
        """The author's notes at a step, those for the lecturer only where the settings ask for them."""
        return [
            note for note in self.scenario.notes if shown_to(note, settings) and _covers(note.address, step.address)
        ]

    def alike(self, step: Step, settings: Settings | None = None) -> str:
        """What is to be said of the step's unit where others of its layer are identical to it; else nothing."""
        layer, unit = step.quantity.layer, step.place.unit
        if layer is None or not unit:
            return ""
        groups = self._identical(step.place.k).get(layer, [])
        said = next((statement(layer, group) for group in groups if unit[0] in group), "")
        return self.notation(settings or Settings()).sentence(said)

    def remarks(self, k: int, settings: Settings | None = None) -> list[str]:
        """What is to be said of the network at state @k: identical units, layers whose gradients are all 0."""
        notation = self.notation(settings or Settings())
        return [notation.sentence(said) for said in statements(self.trace, k)] if self._small else []

    def words(self, step: Step, settings: Settings, room: int | None = None) -> str:
        """Where a step stands: `step 17/64 · iteration 2/5 · backward · layer 2 · ∂L/∂w₁₂⁽²⁾`.

        In as many cells as there is `room` for, if it can be: what the rest of a screen says too goes first.
        """
        dot = " - " if settings.ascii else " · "
        for leave_out in range(4):
            words = dot.join(self._words(step, settings, leave_out))
            if room is None or width_of(words) <= room:
                break
        return words

    def _words(self, step: Step, settings: Settings, leave_out: int) -> Iterator[str]:
        """Where a step stands; left out are, one after the other, that a layer is the output, totals, the phase."""
        of_steps, of_iterations = f"/{len(self.trace):,}", f"/{self.scenario.training.iterations:,}"
        yield f"step {step.index + 1:,}{of_steps if leave_out < 2 else ''}"
        yield f"iteration {step.iteration:,}{of_iterations if leave_out < 2 else ''}"
        if leave_out < 3:
            yield str(step.phase)
        if step.quantity.layer is not None:
            name = self.layer_name(step.quantity.layer, settings)
            yield name.removesuffix(" (output)") if leave_out else name
        yield self.symbol(step, settings)
        name = self.unit_name(step)
        if name:
            yield to_ascii(name) if settings.ascii else name
        if step.place.sample is not None and not self.trace.network.single:
            yield f"sample {step.place.sample}/{self.trace.network.batches.size(step.place.k)}"

    def unit_name(self, step: Step) -> str:
        """What the scenario calls the output a step is about; nothing where it has no name."""
        unit, names = step.place.unit, self.scenario.output_names
        last = step.quantity.layer == self.trace.network.depth
        return names[unit[0] - 1] if last and unit and len(names) >= unit[0] else ""

    def layer_name(self, layer: int, settings: Settings | None = None) -> str:
        number = self.notation(settings or Settings()).layer_number(layer)
        return f"layer {number}" if layer < self.trace.network.depth else f"layer {number} (output)"

    def symbol(self, step: Step, settings: Settings) -> str:
        """The step's own symbol, its sample left to the words around it."""
        address = step.address
        sample = None if address.unit else address.sample
        return self.notation(settings).symbol(Place(address.name, address.layer, address.unit, sample))

    def reached(self, address: Address, cursor: int, hidden: bool = False) -> bool:
        """Whether the walk has computed an address at the cursor; what is given counts as reached.

        With `hidden` the step at the cursor is still a question to the class, and so not reached.
        """
        if address.k is not None and self._given(address):
            return True
        try:
            return self.trace.index_of(address) <= cursor - hidden
        except AddressError:
            return False

    def changed(self, address: Address) -> bool:
        """Whether an edit gave an address another number than it had before; without an edit nothing is."""
        if self.before is None:
            return False
        try:
            was = self.before.trace.value(self.before.trace.resolve(str(address)))
        except AddressError:
            return True
        now = self.trace.value(address)
        return was.shape != now.shape or was.tobytes() != now.tobytes()

    def _given(self, address: Address) -> bool:
        quantity = self.trace.names.quantity(address)
        return quantity.template is None or (quantity.kind is Kind.STATE and address.k == 0)


def shown_to(note: Note, settings: Settings) -> bool:
    """Whether a note is for whom the settings say is looking."""
    return note.audience == "all" or settings.lecturer


def _covers(note: Address, step: Address) -> bool:
    """Whether a note belongs to a step: one that leaves unit or sample open, to the first of them."""
    given = len(note.unit)
    return (
        note.name == step.name
        and note.layer == step.layer
        and note.unit == step.unit[:given]
        and all(index == 1 for index in step.unit[given:])
        and step.sample in ((None, 1) if note.sample is None else (note.sample,))
        and note.k in (None, step.k)
    )
