"""Steps as blocks of lines, for a terminal, a file or a screen reader: no boxes, the position in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.address import Address
from engine.conventions import conventions_in
from engine.explain import explain
from engine.hand.bounds import HandError
from engine.hand.trace import drift
from engine.plan import Granularity
from engine.printers.base import Printer
from engine.printers.hand import brief, hand_lines
from engine.printers.lines import lines
from engine.scenario.errors import clean
from engine.scenario.model import Array
from engine.structs import replace
from engine.trace import Step
from tui.session import Session
from tui.settings import Settings
from tui.verbs.groups import Group, formula, parts
from tui.verbs.values import array_lines

REASONS = ("array", "why", "valid", "long")
"""Lines that explain rather than compute."""


class Blocks:
    """Makes the blocks of one walk."""

    def __init__(self, session: Session, printer: Printer) -> None:
        self._session = session
        self._trace = session.trace
        self._printer = printer
        self._dot = " - " if printer.notation.ascii else " · "

    def step(self, index: int, reasons: bool = False) -> list[str]:
        """One step; `reasons` adds the formula of its array and why it is computed."""
        explanation = explain(self._trace, index, self._printer.most)
        printed = [line for line in lines(explanation, self._printer) if reasons or line.kind not in REASONS]
        hand = self._session.hand
        by_hand = hand_lines(self._trace, hand, index, self._printer) if hand else []
        return [self._position(explanation.step), *(f"  {line}" for line in (*printed, *by_hand))]

    def group(self, group: Group, granularity: Granularity) -> list[str]:
        """Several steps together: every array with its formula and its numbers."""
        found = parts(self._trace, group, granularity)
        first = self._trace[group.first]
        phases, layers = {part.quantity.phase for part in found}, {part.quantity.layer for part in found}
        words = [self._steps(group), self._iteration(first)]
        if len(phases) == 1:
            words.append(str(first.phase))
        if len(layers) == 1 and first.quantity.layer is not None:
            words.append(self._layer_name(first.quantity.layer))
        if len(found) == 1:
            words.append(self._short(found[0].address))
        block = [self._dot.join(words)]
        separator = self._printer.notation.style.separator
        for part in found:
            block.append(f"  {formula(part.quantity, self._printer)}")
            values = self._trace.value(part.address)
            block += [
                f"  {line}" for line in array_lines(self._short(part.address), values, self._printer.number, separator)
            ]
            block += [f"  {line}" for line in self._by_hand(part.address, values, separator)]
        return block

    def _by_hand(self, address: Address, exact: Array, separator: str) -> list[str]:
        """The same array calculated by hand, where the scenario says how."""
        hand = self._session.hand
        if hand is None:
            return []
        try:
            values = np.asarray(hand.value(address))
        except HandError as error:
            return [f"by hand: not worked: {error}"]
        lines = array_lines(
            "by hand", values, lambda value: self._printer.written(hand.text(address, value)), separator
        )
        widest = max((abs(drift(one, float(other))) for one, other in zip(values.flat, exact.flat, strict=True)))
        return [*lines, f"largest drift {self._printer.written(brief(widest))}"]

    def opening(self) -> Iterator[str]:
        """What is walked through, and the conventions its numbers depend on."""
        scenario = self._session.scenario
        training = scenario.training
        yield clean(scenario.title)
        if scenario.description:
            yield clean(scenario.description)
        yield from conventions_in(scenario, self._printer.notation)
        yield (
            f"Data: {_count(scenario.samples, 'sample')}, {training.batch_size} a batch"
            f"{f', shuffled with seed {training.seed}' if training.shuffle else ''}. "
            f"Walk: {_count(training.iterations, 'iteration')}, {_count(len(self._trace), 'step')}."
        )

    def _layer_name(self, layer: int) -> str:
        notation = self._printer.notation
        return self._session.layer_name(layer, Settings(ascii=notation.ascii, style=notation.style))

    def notes(self, index: int, settings: Settings) -> Iterator[str]:
        """What the author of the scenario says at a step, to whom the settings say is looking."""
        for note in self._session.notes(self._trace[index], settings):
            yield f"  Note: {clean(' '.join(note.text.split()))}"

    def _position(self, step: Step) -> str:
        words = [f"step {step.index + 1:,}/{len(self._trace):,}", self._iteration(step), str(step.phase)]
        if step.quantity.layer is not None:
            words.append(self._layer_name(step.quantity.layer))
        words.append(self._short(step.address))
        name = self._session.unit_name(step)
        if name:
            words.append(clean(name))
        if step.row is not None and not self._trace.network.single:
            words.append(f"row {step.row} of the data")
        return self._dot.join(words)

    def _iteration(self, step: Step) -> str:
        return f"iteration {step.iteration:,}/{self._trace.plan.iterations:,}"

    def _steps(self, group: Group) -> str:
        if group.steps == 1:
            return f"step {group.after:,}/{len(self._trace):,}"
        return f"steps {group.first + 1:,} to {group.after:,}/{len(self._trace):,}"

    def _short(self, address: Address) -> str:
        """An address where the iteration is already said; the sample too, where there is but one."""
        single = self._trace.network.single
        return str(replace(address, k=None, sample=None if single else address.sample))


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
