"""The reader: from a TOML file to a `Scenario`, or to all that is wrong with it.

Table by table, so that a fault in one hides none in another. What each table may hold is in `schema`, what has
to fit across tables in `shapes`, and the places of faults are looked for only when there are any.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.names import Names
from engine.network import Network
from engine.plan import Plan, PlanError
from engine.scenario import limits, schema
from engine.scenario.arithmetic import check_arithmetic, read_arithmetic
from engine.scenario.data import read_data
from engine.scenario.errors import Faults, Problem, ScenarioError
from engine.scenario.expectations import Written, read_expectations, read_notes, resolve
from engine.scenario.goals import read_comparisons, read_goals, resolve_comparisons, resolve_goals
from engine.scenario.model import Scenario
from engine.scenario.network import layers, read_network
from engine.scenario.notation import read_notation
from engine.scenario.shapes import check
from engine.scenario.source import Source, syntax_problem
from engine.scenario.syntax import SyntaxFaultError, decode, newlines, parse
from engine.scenario.tables import convert
from engine.scenario.training import read_training, training
from engine.scenario.words import did_you_mean, nearest
from engine.structs import replace


def read(path: Path | str) -> Scenario:
    """The scenario in a file.

    Raises:
        ScenarioError: the file cannot be read, or something in it is wrong.
    """
    return _read(contents(path), str(path), Path(path))


def contents(path: Path | str) -> bytes:
    """What is in a file, as far as one is read.

    Raises:
        ScenarioError: the file cannot be read.
    """
    shown = str(path)
    path = Path(path)
    try:
        with path.open("rb") as file:
            return file.read(limits.MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise _one(shown, f"there is no such file{_nearby(path)}") from None
    except OSError as error:
        if _is_folder(path):
            raise _one(shown, "this is a folder; a scenario is one TOML file") from None
        reason = (error.strerror or str(error)).lower()
        raise _one(shown, f"the file cannot be read: {reason}") from None
    except ValueError as error:
        raise _one(shown, f"this is no path: {error}") from None


def read_text(text: str | bytes, path: Path | str) -> Scenario:
    """The scenario in a text; `path` is what messages call it.

    Raises:
        ScenarioError: something in it is wrong.
    """
    return _read(text, str(path), Path(path))


def _one(path: str, message: str) -> ScenarioError:
    return ScenarioError((Problem(path, None, None, "", message, None),))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _nearby(path: Path) -> str:
    """The file of the same folder that was probably meant."""
    try:
        names = [one.name for one in path.parent.iterdir() if one.suffix == ".toml"]
    except OSError:
        return ""
    near = [f"{path.name}.toml"] if f"{path.name}.toml" in names else nearest(path.name, names)
    return ": " + did_you_mean([str(path.parent / name) for name in near]) if near else ""


def _read(data: str | bytes, shown: str, path: Path) -> Scenario:
    try:
        text = decode(data) if isinstance(data, bytes) else newlines(data)
        top = parse(text)
        written = parse(text, Written) if "expect" in top or "goals" in top else {}
    except SyntaxFaultError as fault:
        raise ScenarioError((syntax_problem(fault, shown),)) from None
    source_text = Source(text, shown)
    faults = Faults()
    scenario = _build(top, written, source_text, path, faults)
    if scenario is None or faults:
        raise ScenarioError(source_text.problems(faults))
    return scenario


def _build(top: dict[str, Any], written: dict[str, Any], source: Source, path: Path, faults: Faults) -> Scenario | None:
    head = convert(top, schema.Top, (), faults)
    network = read_network(head.get("network"), faults)
    course = read_training(head.get("training"), faults)
    data = read_data(head.get("data"), network.inputs, network.outputs, course.loss_name, path, faults)
    expectations = read_expectations(written.get("expect", {}) if "expect" in head else {}, faults)
    notes = read_notes(head.get("notes", []), faults)
    goals = read_goals(written.get("goals", []) if "goals" in head else [], faults)
    comparisons = read_comparisons(head.get("comparisons", []), path, faults)
    notation = read_notation(head.get("notation", {}), network, faults)
    arithmetic = read_arithmetic(head.get("arithmetic"), faults)
    check(network, data, course, faults)
    trained = None if data.x is None else training(course, len(data.x), faults)
    if faults or trained is None or data.x is None or data.y is None or network.inputs is None:
        return None
    scenario = Scenario(
        title=head["title"],
        inputs=network.inputs,
        layers=layers(network),
        x=data.x,
        y=data.y,
        training=trained,
        description=head["description"],
        source=head["source"],
        teaches=tuple(head["teaches"]),
        input_names=data.input_names,
        output_names=data.output_names,
        data_origin=data.origin,
        path=path,
        text=source.text,
        notation=notation,
        arithmetic=arithmetic,
    )
    runnable = Network(scenario)
    try:
        Plan(runnable)
    except PlanError as error:
        faults.add(("training", "epochs" if "epochs" in top["training"] else "iterations"), str(error))
        return None
    names = Names(runnable)
    if arithmetic is not None:
        check_arithmetic(arithmetic, runnable, faults)
    resolved, remarks = resolve(expectations, notes, names, source.line, faults)
    return replace(
        scenario,
        expectations=resolved,
        notes=remarks,
        goals=resolve_goals(goals, names, source.line, faults),
        comparisons=resolve_comparisons(comparisons, names, source.line, faults),
    )
