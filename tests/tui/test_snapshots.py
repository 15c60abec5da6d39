"""Five pictures of the whole screen. State and text are tested elsewhere; these show a change that nothing else names.

They hold for the one version of Textual they were made with; `--snapshot-update` makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import textual
from helpers import LARGE, SMALL, TRUECOLOR
from scenes import shipped

from tui.app import StepperApp

RECORDED = "8.2.8"

pytestmark = pytest.mark.skipif(
    textual.__version__ != RECORDED, reason=f"made with Textual {RECORDED}, this is {textual.__version__}"
)


@pytest.mark.parametrize(
    ("name", "at", "size", "keys"),
    [
        pytest.param("softplus", 2, SMALL, (), id="forward_80x24"),
        pytest.param("softplus", 18, LARGE, (), id="backward_120x40"),
        pytest.param("zero_init", 183, LARGE, ("d",), id="update_light_120x40"),
        pytest.param("zero_init", 24, SMALL, ("3", "d"), id="values_light_80x24"),
        pytest.param("softplus", 12, SMALL, ("question_mark",), id="help_80x24"),
    ],
)
def test_the_whole_screen(
    name: str,
    at: int,
    size: tuple[int, int],
    keys: tuple[str, ...],
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in TRUECOLOR.items():
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    assert snap_compare(StepperApp(shipped(name), at), press=keys, terminal_size=size)
