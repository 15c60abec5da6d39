"""[[goals]] and [[comparisons]]: questions asked backwards, and numbers of two scenarios that should agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from engine.address import Address
from engine.scenario import files, schema
from engine.scenario.errors import At, Faults, Key
from engine.scenario.expectations import Written, check_form, find, form
from engine.scenario.model import Comparison, Goal
from engine.scenario.tables import convert

if TYPE_CHECKING:
    from engine.names import Names

_STARTING = ("W", "b", "gamma", "beta", "running_mean", "running_var", "lr")
"""What a scenario gives beside its data; an optimizer's slots are none of it."""


class GoalDraft(Struct, frozen=True):
    """One of [[goals]], its addresses not yet looked up."""

    key: Key
    free: str
    target: str
    value: float
    bracket: tuple[float, float] | None
    written: str


class ComparisonDraft(Struct, frozen=True):
    """One of [[comparisons]], its addresses not yet looked up."""

    key: Key
    this: str
    other: str
    at: str
    tolerance: float


def read_goals(tables: Sequence[Mapping[str, Any]], faults: Faults) -> list[GoalDraft]:
    """The [[goals]], their numbers parsed as `Written`; all that is wrong goes to `faults`."""
    drafts = []
    for index, table in enumerate(tables):
        key: Key = ("goals", index)
        before = len(faults.found)
        got = convert({name: _plain(value) for name, value in table.items()}, schema.Goal, key, faults)
        for name in ("free", "target"):
            if name in got:
                check_form(got[name], (*key, name), At.VALUE, faults)
        bracket = got.get("bracket")
        if bracket is not None and (len(bracket) != 2 or not bracket[0] < bracket[1]):
            faults.add((*key, "bracket"), "expected two numbers, the lower one first, like [0.0, 100.0]")
        if len(faults.found) > before:
            continue
        written = table.get("expect", "")
        text = written.text if isinstance(written, Written) else str(written)
        between = None if bracket is None else (bracket[0], bracket[1])
        drafts.append(GoalDraft(key, got["free"], got["target"], got["value"], between, text))
    return drafts


def _plain(value: Any) -> Any:
    """A value that msgspec knows: it takes no subclass of float."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Written) else value


def read_comparisons(tables: Sequence[Mapping[str, Any]], path: Path, faults: Faults) -> list[ComparisonDraft]:
    """The [[comparisons]]; the other scenarios have to be there, and are not read."""
    drafts = []
    for index, table in enumerate(tables):
        key: Key = ("comparisons", index)
        before = len(faults.found)
        got = convert(table, schema.Comparison, key, faults)
        for name in ("this", "at"):
            if name in got:
                check_form(got[name], (*key, name), At.VALUE, faults)
        if "other" in got:
            try:
                files.find(got["other"], path)
            except files.FileFaultError as error:
                faults.add((*key, "other"), str(error))
        if len(faults.found) == before:
            drafts.append(ComparisonDraft(key, **got))
    return drafts


def resolve_goals(
    goals: Sequence[GoalDraft], names: Names, line_of: Callable[[Key], int], faults: Faults
) -> tuple[Goal, ...]:
    """Find both addresses of each goal in the network."""
    resolved = []
    for draft in goals:
        free = _one_number(draft.free, names, (*draft.key, "free"), faults)
        target = _one_number(draft.target, names, (*draft.key, "target"), faults)
        if free is not None:
            wrong = _not_free(free)
            if wrong:
                faults.add((*draft.key, "free"), wrong)
        if free is None or target is None:
            continue
        if free == target:
            faults.add((*draft.key, "target"), f"{target} is the number that is free: ask for one that depends on it")
        line = line_of(draft.key)
        resolved.append(Goal(free, target, draft.value, draft.bracket, draft.written, line))
    return tuple(resolved)


def resolve_comparisons(
    comparisons: Sequence[ComparisonDraft], names: Names, line_of: Callable[[Key], int], faults: Faults
) -> tuple[Comparison, ...]:
    """Find the address of this scenario in each comparison; the other one is looked for when they are compared."""
    resolved = []
    for draft in comparisons:
        this = find(draft.this, names, (*draft.key, "this"), At.VALUE, faults)
        if this is not None:
            this = this.at(this.k or 0)
            resolved.append(Comparison(this, draft.other, draft.at, draft.tolerance, line_of(draft.key)))
    return tuple(resolved)


def _one_number(text: str, names: Names, key: Key, faults: Faults) -> Address | None:
    """The address of one number: @0 where no @k is written, and #1 where there is one sample."""
    address = find(text, names, key, At.VALUE, faults)
    if address is None:
        return None
    address = address.at(address.k or 0)
    shape = names.shape(address)
    per_sample = names.quantity(address).per_sample and address.sample is None
    if per_sample and shape == (1,):
        return Address(address.name, address.layer, address.unit, 1, address.k)
    if shape:
        which = [" a sample, like #1"] if per_sample else []
        which += [" an index"] if len(shape) > per_sample else []
        faults.add(key, f"one number is meant, and {text.strip()} is {form(shape)}: add{' and'.join(which)}")
        return None
    return address


def _not_free(address: Address) -> str | None:
    """Why a number is none that the scenario gives."""
    if address.name in ("x", "y"):
        return None
    if address.name not in _STARTING:
        return f"{address.name} is calculated: free what a scenario gives, like x[1]#1, y[1]#1, W[1][1,1] or lr"
    if address.k:
        return f"only a starting value can be free: write {address.at(None)}, which is {address.at(0)}"
    return None
