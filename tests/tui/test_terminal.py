"""What a terminal is taken to show, and text brought down to ASCII."""

from __future__ import annotations

import io

import pytest

from tui.terminal import Writer, encodes, needs_ascii, to_ascii

UTF8 = io.TextIOWrapper(io.BytesIO(), "utf-8")
GOOD = {"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}


@pytest.mark.parametrize(
    ("environment", "encoding", "needed"),
    [
        (GOOD, "utf-8", False),
        ({}, "utf-8", False),
        (GOOD | {"LC_ALL": "C.UTF-8"}, "utf-8", False),
        (GOOD | {"LC_ALL": "C"}, "utf-8", True),
        (GOOD | {"LC_ALL": "POSIX"}, "utf-8", True),
        (GOOD | {"TERM": "linux"}, "utf-8", True),
        (GOOD | {"TERM": "dumb"}, "utf-8", True),
        (GOOD, "latin-1", True),
        (GOOD, "ascii", True),
        (GOOD, "cp1252", True),
        (GOOD, "gb18030", False),
    ],
)
def test_needs_ascii(environment: dict[str, str], encoding: str, needed: bool) -> None:
    assert needs_ascii(io.TextIOWrapper(io.BytesIO(), encoding), environment) is needed


def test_no_stream_encodes_nothing() -> None:
    assert not encodes(None)
    assert encodes(None, "plain")


@pytest.mark.parametrize(
    ("text", "ascii"),
    [
        ("as it is", "as it is"),
        ("δ₁⁽²⁾ = ∂L/∂w₁₂⁽²⁾", "delta1(2) = dL/dw12(2)"),
        ("x² + 10⁻¹² + z₁²", "x^2 + 10^-12 + z1^2"),
        ("½·(y − ŷ)² ≈ −∞", "0.5*(y - yhat)^2 ~ -inf"),
        ("for −13 < z ≤ 709 …", "for -13 < z <= 709 ..."),
        ("W⁽²⁾ᵀ [2×1] ⊙ f′(z)", "W(2)^T [2x1] (.) f'(z)"),
        ("Müller’s café", "Muller's cafe"),
        ("سلام", "????"),
    ],
)
def test_to_ascii(text: str, ascii: str) -> None:
    assert to_ascii(text) == ascii


def test_the_writer_writes_in_the_alphabet_chosen() -> None:
    for ascii, expected in ((False, "δ\n\nσ\n"), (True, "delta\n\nsigmoid\n")):
        stream = io.StringIO()
        writer = Writer(stream, ascii)
        writer.ascii = ascii
        writer.lines("δ", "", "σ")
        assert stream.getvalue() == expected
