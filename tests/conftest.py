"""What every test here shares: how hypothesis looks for examples.

By default the examples are the same every time, so that a failure anywhere is a failure everywhere;
`SEARCH=20 pytest tests/engine` looks at random, and twenty times as far.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "project",
    deadline=None,
    derandomize="SEARCH" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("project")
