"""The steps of a walk as lines of JSON: each as `Objects` has it, byte for byte, most of them by filling a form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.plan import Place
from engine.printers.cut import UncutError
from tui.verbs.forms import Form, Line, fixed
from tui.verbs.objects import Objects
from tui.verbs.texts import Texts

FORMS = 2_048
"""Forms kept: some kilobytes each."""
HOLES = 300_000
"""Holes of the steps that are kept from one iteration to the next: some megabytes."""


class Lines:
    """Makes the lines of one walk; `encode` is that of a JSON encoder."""

    def __init__(self, objects: Objects, encode: Callable[[Any], str]) -> None:
        self._objects, self._encode = objects, encode
        self._trace = objects.trace
        self._texts: dict[int, Texts] = {}
        self._forms: dict[tuple[int, ...], Form | None] = {}
        self._lines: dict[tuple[int, int], Line | None] = {}
        self._fixed = [fixed(quantity) for quantity in self._trace.plan.blocks]
        self._kept = 0
        self._about: dict[int, int] = {}

    def lines(self, first: int, after: int) -> Iterator[str]:
        """The steps [first, after), all of one iteration; without the end of a line."""
        plan = self._trace.plan
        k = plan.k_of(first)
        start, samples = plan.start(k), plan.samples(k)
        texts = self._about_iteration(k, samples)
        for index in range(first, after):
            at = (samples, index - start)
            line = self._lines[at] if at in self._lines else self._line(at, plan.place(index), texts)
            if line is not None:
                try:
                    yield f'{{"step": {index + 1}{line.text()}'
                    continue
                except UncutError:
                    self._lines[at] = None
            yield self._encode(self._objects.step(index))

    def _about_iteration(self, k: int, samples: int) -> Texts:
        texts = self._texts.get(samples)
        if texts is None:
            texts = Texts(self._trace, self._objects.printer, samples, lambda text: self._encode(text)[1:-1])
            self._texts[samples] = texts
        if self._about.get(samples) != k:
            self._about[samples] = k
            texts.turn_to(k)
        return texts

    def _line(self, at: tuple[int, int], place: Place, texts: Texts) -> Line | None:
        form = self._form(place, texts)
        line = None if form is None else Line(form, place)
        size = 1 if form is None else 8 * len(form.at)
        if self._kept + size <= HOLES:
            self._kept += size
            self._lines[at] = line
        return line

    def _form(self, place: Place, texts: Texts) -> Form | None:
        """The form of a step's quantity; None where its formula cannot be cut."""
        indices = (place.sample or 1, *place.unit)
        key = (texts.samples, place.block, *(indices[axis] for axis in self._fixed[place.block]))
        if key not in self._forms:
            if len(self._forms) >= FORMS:
                self._forms.clear()
            try:
                self._forms[key] = Form(self._trace, self._objects.printer, texts, place, self._objects.cut)
            except UncutError:
                self._forms[key] = None
        return self._forms[key]
