"""`list`: the scenarios that come with the product. Reads their heads alone: no engine, no numpy."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import asdict

from tui.terminal import Writer, encodes
from tui.verbs.shipped import Shipped, shipped


def run(options: Namespace) -> int:
    found = list(shipped())
    if options.format == "json":
        print(json.dumps([asdict(one) for one in found], ensure_ascii=not encodes(sys.stdout), indent=2))
        return 0
    writer = Writer()
    for one in found:
        writer.lines(_head(one))
        if one.description:
            writer.lines(f"  {one.description}")
    return 0


def _head(one: Shipped) -> str:
    teaches = f" Teaches {', '.join(one.teaches)}." if one.teaches else ""
    return f"{one.name}: {one.title}.{teaches} {'-'.join(map(str, one.sizes))}, {one.length}."
