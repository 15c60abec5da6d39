"""What every test here shares: no settings of anybody's, and how hypothesis looks for examples.

By default the examples are the same every time, so that a failure anywhere is a failure everywhere;
`SEARCH=20 pytest tests/engine` looks at random, and twenty times as far. With `SEARCH` set the tests of the app, too,
go through every scenario, size and pair of cases; without, through so many that each meets each kind of the others.
"""

from __future__ import annotations

import gc
import os

from hypothesis import HealthCheck, settings

# before anything is imported that reads it: a developer's own settings are nobody else's
os.environ["BACKPROP_TUI_SETTINGS"] = ""
os.environ["BACKPROP_TUI_UNSAVED"] = ""

settings.register_profile(
    "project",
    # what finds a fault finds it soon; SEARCH looks on
    max_examples=100 if "SEARCH" in os.environ else 60,
    deadline=None,
    derandomize="SEARCH" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("project")


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among what has been imported: an app is many objects in circles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
