"""`schema`: the JSON Schema of the scenario format, for editors."""

from __future__ import annotations

import json
from argparse import Namespace

from engine.scenario.json_schema import json_schema


def run(options: Namespace) -> int:
    print(json.dumps(json_schema(), indent=2))
    return 0
