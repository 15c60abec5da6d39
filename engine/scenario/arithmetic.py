"""The [arithmetic] table: how the scenario's author calculates by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.arithmetic import Arithmetic
from engine.network import Network
from engine.scenario import schema
from engine.scenario.errors import At, Faults, Key
from engine.scenario.tables import convert
from engine.scenario.words import instead, quoted

KEY: Key = ("arithmetic",)


def read_arithmetic(table: Mapping[str, Any] | None, faults: Faults) -> Arithmetic | None:
    """What [arithmetic] says; None where there is none, or something in it is wrong, which goes to `faults`."""
    if table is None:
        return None
    got = convert(table, schema.Arithmetic, KEY, faults)
    written = [name for name in ("decimals", "significant") if name in table]
    if len(written) != 1:
        message = "expected `decimals = 3` or `significant = 4`"
        if written:
            faults.add((*KEY, written[1]), f"{message}, got both: one of them says how many digits are kept", At.KEY)
        elif not faults.wrote(KEY, "decimals", "significant"):
            faults.add((*KEY, "decimals"), f"missing: {message} says how many digits are kept", At.TABLE)
        return None
    counted = written[0]
    if any(name not in got for name in (counted, "rounding", "each", "exact")):
        return None
    return Arithmetic(got[counted], counted, got["rounding"], got["each"], tuple(got["exact"]))


def check_arithmetic(arithmetic: Arithmetic, network: Network, faults: Faults) -> None:
    """Report names that stand for nothing computed, and a network too large for paper."""
    from engine.hand.bounds import HandError, check_size

    computed = dict.fromkeys(name for (name, _), found in network.catalogue.items() if found.template is not None)
    names = {name for name, _ in network.catalogue}
    for place, name in enumerate(arithmetic.exact):
        key = (*KEY, "exact", place)
        if name in arithmetic.exact[:place]:
            faults.add(key, f"{quoted(name)} is named twice", At.VALUE)
        elif name in computed:
            continue
        elif name in names:
            faults.add(key, f"{quoted(name)} is given or looked up, so nothing of it is rounded in the walk", At.VALUE)
        elif "[" in name:
            faults.add(key, f"expected a name without a layer, like {quoted(name.partition('[')[0])}", At.VALUE)
        else:
            faults.add(key, f"there is no quantity {quoted(name)}: {instead(name, computed)}", At.VALUE)
    try:
        check_size(network)
    except HandError as error:
        faults.add(KEY, str(error), At.KEY)
