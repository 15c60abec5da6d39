"""The engine knows nothing of the terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

IMPORT_ALL = """
import importlib, pkgutil, sys
import engine
names = [module.name for module in pkgutil.walk_packages(engine.__path__, "engine.")]
for name in names:
    importlib.import_module(name)
print(len(names))
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"textual", "rich", "tui", "scenarios"}))
ours = [one for name in names for one in vars(sys.modules[name]).values() if isinstance(one, type)]
print(*sorted({str(one) for one in ours if hasattr(one, "__dataclass_fields__")}))
"""


def test_importing_all_of_the_engine_loads_no_terminal_library_and_makes_no_dataclass() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    count, loaded, dataclasses = done.stdout.split("\n")[:3]
    assert int(count) >= 30
    assert loaded == ""
    # a dataclass takes ten times as long to make as a struct, each time a program starts
    assert dataclasses == ""
