"""Places of a walk that a person comes back to: those visited, as a browser keeps them, and bookmarks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from engine.structs import replace

KEPT = 200
"""Places kept in either direction: more than anybody goes back through."""


class Places(Struct, frozen=True):
    """The steps that jumps led away from, and those that going back led away from; the nearest last.

    Where one is now is the cursor's business: between two jumps it moves by single steps, which no history keeps.
    """

    behind: tuple[int, ...] = ()
    ahead: tuple[int, ...] = ()

    def visit(self, left: int) -> Places:
        """After a jump away from `left`: there is nothing ahead any more."""
        return Places(_with(self.behind, left))

    def back(self, here: int) -> tuple[Places, int] | None:
        """From `here` to the place left last; None where there is none."""
        behind = _without(self.behind, here)
        return (Places(behind[:-1], _with(self.ahead, here)), behind[-1]) if behind else None

    def forward(self, here: int) -> tuple[Places, int] | None:
        """From `here` to where going back began; None where there is nothing ahead."""
        ahead = _without(self.ahead, here)
        return (Places(_with(self.behind, here), ahead[:-1]), ahead[-1]) if ahead else None

    def within(self, steps: int) -> Places:
        """Those that a walk of so many steps has."""
        return Places(
            tuple(step for step in self.behind if step < steps), tuple(step for step in self.ahead if step < steps)
        )


def _with(steps: tuple[int, ...], step: int) -> tuple[int, ...]:
    return steps if steps[-1:] == (step,) else (*steps, step)[-KEPT:]


def _without(steps: tuple[int, ...], here: int) -> tuple[int, ...]:
    """Without the nearest where one is there already: going back has to move."""
    while steps[-1:] == (here,):
        steps = steps[:-1]
    return steps


class Bookmarks(Struct, frozen=True):
    """Steps marked by hand, in the order of the walk, each with a name or none."""

    names: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(self.names)

    def __contains__(self, step: int) -> bool:
        return step in self.names

    def __len__(self) -> int:
        return len(self.names)

    def toggle(self, step: int, name: str = "") -> Bookmarks:
        """With a bookmark here or, where there was one, without."""
        if step in self.names:
            return self._of({at: name for at, name in self.names.items() if at != step})
        return self.named(step, name)

    def named(self, step: int, name: str) -> Bookmarks:
        """With a bookmark of this name here, whether there was one or not."""
        return self._of({**self.names, step: " ".join(name.split())})

    def next(self, cursor: int) -> int | None:
        """The nearest after the cursor; from the last on, None."""
        steps = self.steps
        at = bisect_right(steps, cursor)
        return steps[at] if at < len(steps) else None

    def previous(self, cursor: int) -> int | None:
        """The nearest before the cursor; at the first, None."""
        at = bisect_left(self.steps, cursor)
        return self.steps[at - 1] if at else None

    def within(self, steps: int) -> Bookmarks:
        """Those that a walk of so many steps has."""
        return self._of({step: name for step, name in self.names.items() if step < steps})

    def _of(self, names: Mapping[int, str]) -> Bookmarks:
        return replace(self, names=MappingProxyType(dict(sorted(names.items()))))
