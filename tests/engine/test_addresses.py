"""The one language of addresses: what is read, and what is said of the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from strategies import layer, scenario, softmax_batch, softplus_network

from engine.address import Address, AddressError, parse
from engine.notation_style import Style
from engine.scenario.model import Scenario
from engine.scenario.read import read
from engine.structs import replace
from engine.suggestions import missing, spelt
from engine.trace import Trace


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss", Address("loss")),
        ("loss@2", Address("loss", k=2)),
        ("W[1]", Address("W", 1)),
        ("W[1][2,1]@3", Address("W", 1, (2, 1), None, 3)),
        ("W[1][2]", Address("W", 1, (2,))),
        ("a[2][3]#2@2", Address("a", 2, (3,), 2, 2)),
        ("a[0]", Address("x")),
        ("a[0][2]#1", Address("x", None, (2,), 1)),
        ("x[2]", Address("x", None, (2,))),
        ("y", Address("y")),
        ("dW[2]#2", Address("dW", 2, (), 2)),
        ("db[1][2]#1@0", Address("db", 1, (2,), 1, 0)),
        ("data_loss#2", Address("data_loss", None, (), 2)),
        ("jacobian[2][1,3]#1", Address("jacobian", 2, (1, 3), 1)),
        ("lr@1", Address("lr", k=1)),
        ("  a [ 2 ] [ 1 ] # 1 @ 0 ", Address("a", 2, (1,), 1, 0)),
        ("delta[1]", Address("delta", 1)),
    ],
)
def test_addresses_that_name_something(text: str, expected: Address) -> None:
    trace = Trace(softmax_batch())
    address = trace.resolve(text)
    assert address == expected
    assert trace.resolve(str(address)) == address
    assert trace.names.shape(address) == trace.value(address).shape


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not an address; expected the form name[layer][unit]#sample@k, like a[2][1]"),
        ("a[1", "'a[1' is not an address; expected the form name[layer][unit]#sample@k, like a[2][1]"),
        ("a[1]@1#2", "'a[1]@1#2': expected a whole number for the update after @, got '1#2'"),
        ("a[x]", "'a[x]': expected a whole number for an index, got 'x'"),
        ("a[]", "'a[]': expected a whole number for an index, got ''"),
        ("a[-1]", "'a[-1]': expected a whole number for an index, got '-1'"),
        ("a[1]#", "'a[1]#': expected a whole number for the sample after #, got ''"),
        ("a[1]@", "'a[1]@': expected a whole number for the update after @, got ''"),
        ("a[1]#0", "'a[1]#0': samples count from 1"),
        ("W[1][0,1]", "'W[1][0,1]': indices count from 1"),
        ("detla[1]", "'detla[1]': there is no quantity 'detla' in this network; did you mean delta[1]?"),
        ("a", "'a': a needs the layer in brackets of its own, like a[2]"),
        ("W[1,2]", "'W[1,2]': W needs the layer in brackets of its own, like W[2]"),
        ("W[3]", "'W[3]': there is no W in layer 3; it is in layer 1, 2"),
        ("jacobian[1]", "'jacobian[1]': there is no jacobian in layer 1; it is in layer 2"),
        ("W[1][3,1]", "'W[1][3,1]': unit 3 does not exist; expected 1 to 2"),
        ("W[2][3,3]", "'W[2][3,3]': input 3 does not exist; expected 1 to 2"),
        ("a[2][4]", "'a[2][4]': unit 4 does not exist; expected 1 to 3"),
        ("x[3]", "'x[3]': input 3 does not exist; expected 1 to 2"),
        ("W[1][2][1]", "'W[1][2][1]': too many brackets; expected W[1][to,from] (indices of one place share brackets)"),
        ("a[1][1,2]", "'a[1][1,2]': expected a[1][unit], got 2 indices"),
        ("loss[1]", "'loss[1]': loss is one number; expected no index"),
        ("loss#1", "'loss#1': loss does not belong to a sample; its terms are data_loss#s"),
        ("W[1]#1", "'W[1]#1': W does not belong to a sample"),
        ("a[1]#3", "'a[1]#3': there is no sample 3; the batch has 2"),
        ("a[1]#2@1", "'a[1]#2@1': there is no sample 2; the batch has 1"),
        ("a[1]@5", "'a[1]@5': there is no @5; the walk has 4 updates: @0 to @4"),
        ("quark[1]", "'quark[1]': there is no quantity 'quark' in this network"),
    ],
)  # fmt: skip
def test_addresses_that_name_nothing(text: str, message: str) -> None:
    with pytest.raises(AddressError) as wrong:
        Trace(softmax_batch()).resolve(text)
    said = str(wrong.value)
    assert said == message or said.startswith(f"{message}; the names are ")


def test_a_number_too_long_is_no_index() -> None:
    with pytest.raises(AddressError, match="expected a whole number"):
        parse("a[" + "9" * 5000 + "]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x[1]", "it is given"),
        ("lr", "it is given"),
        ("W[1]@0", "it is the starting state"),
        ("W[2]", None),
        ("loss@3", "the walk ends after update 3"),
        ("data_loss", "with one sample a batch it is the loss itself"),
        ("dx", "this walk takes a shortcut past it"),
    ],
)
def test_what_has_no_step_says_why(text: str, reason: str | None) -> None:
    trace = Trace(softplus_network(3))
    if reason is None:
        # a state without @k: the update of the iteration meant
        assert str(trace[trace.index_of(trace.resolve(text), k=1)].address) == "W[2][1,1]@2"
        return
    with pytest.raises(AddressError, match=reason):
        trace.index_of(trace.resolve(text))


def test_shortcuts_leave_quantities_without_steps() -> None:
    trace = Trace(softmax_batch())
    for text in ("da[2]", "jacobian[2]"):
        with pytest.raises(AddressError, match="takes a shortcut past it"):
            trace.index_of(trace.resolve(text))
        assert trace.value(trace.resolve(text)).shape[0] == 2


def test_a_layer_without_bias_has_no_bias() -> None:
    trace = Trace(scenario([layer([[1.0]]), layer([[1.0]], [0.0])], [[1.0]], [[1.0]]))
    with pytest.raises(AddressError, match="there is no b in layer 1; it is in layer 2"):
        trace.resolve("b[1]")
    assert trace.value(trace.resolve("b[2]")).tolist() == [0.0]


def test_the_sample_axis_is_kept() -> None:
    trace = Trace(softplus_network())
    shapes = {text: trace.value(trace.resolve(text)).shape for text in ("a[2]", "a[2]#1", "a[2][1]", "a[2][1]#1")}
    assert shapes == {"a[2]": (1, 1), "a[2]#1": (1,), "a[2][1]": (1,), "a[2][1]#1": ()}


def said(text: str, made: Scenario | None = None) -> str:
    with pytest.raises(AddressError) as caught:
        Trace(made or softplus_network()).resolve(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        # another case comes before another letter
        ("dw[1]", "dW[1]"),
        ("DW[2][1,1]@1", "dW[2][1,1]@1"),
        ("w[1][1,1]", "W[1][1,1]"),
        ("B[1]", "b[1]"),
        # the symbols of the screen
        ("δ[1][1]", "delta[1][1]"),
        ("δ₁⁽²⁾", "delta"),
        ("ŷ", "a[2]"),
        ("ŷ[1]#1", "a[2][1]#1"),
        ("yhat", "a[2]"),
        ("∂L/∂w[1][1,1]", "dW[1][1,1]"),
        ("∂L/∂W[2]", "dW[2]"),
        ("dL/dz[1]", "delta[1]"),
        ("dz[1]", "delta[1]"),
        ("σ′[1]", "fprime[1]"),
        ("f'[1]", "fprime[1]"),
        ("η", "lr"),
        # what follows is wrong too: the name alone
        ("w[9]", "W"),
        ("δ[1", "delta"),
    ],
)
def test_what_was_meant_by_another_case_or_a_symbol(text: str, meant: str) -> None:
    assert said(text).endswith(f"; did you mean {meant}?")


def test_a_file_s_own_symbols_are_known() -> None:
    style = Style(delta="da", letters=(("z", "s"), ("W[2]", "V"), ("yhat", "o"), ("a", "h"), ("h", "a")))
    own = replace(softplus_network(), notation=style)
    assert said("s[1][2]", own).endswith("; did you mean z[1][2]?")
    assert said("V[1,2]", own).endswith("; did you mean W[2][1,2]?")
    assert said("o", own).endswith("; did you mean a[2]?")
    assert said("δ[1][1]", own).endswith("; did you mean da[1][1]?")
    # letters that name each other end too
    assert "is not an address" in said("h[", own)


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("penalty", "this scenario has no penalty"),
        ("db_penalty[1]", "no penalty adds to this gradient: it is db alone"),
        ("dW_clipped[1]", "this scenario clips no gradients"),
        ("gamma[1]", "no layer of this scenario has a normalisation with that"),
        ("mW[1]", "the optimizer of this scenario keeps no such numbers"),
        ("jacobian[2]", "no layer of this scenario has a Jacobian"),
    ],
)
def test_what_a_network_lacks_is_said(name: str, lacks: str) -> None:
    assert lacks in said(name)
    assert "did you mean" not in said(name)


def test_the_names_that_are_said_to_lack_are_those_of_other_networks() -> None:
    everything = set(Trace(read(Path(__file__).with_name("everything.toml"))).names.known)
    own = set(Trace(softplus_network()).names.known)
    # measures of arrays that there are not are no part of what a network is
    others = {name for name in everything - own if not name.startswith(("max_", "rms_", "var_"))}
    assert {name for name in others if not missing(name, own)} == set()
    assert {name for name in own if missing(name, ())} <= {"b", "db", "fprime"}


README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
MEASURES = re.compile(r"(max|rms|var)_\w+")
"""The table names some of each of these kinds, and what the kind is."""
SLOTS = re.compile(r"[mv](hat)?(W|b|gamma|beta)")


def test_the_readme_has_every_name() -> None:
    folder = Path(__file__).parents[2] / "scenarios"
    files = [
        Path(__file__).with_name("everything.toml"),
        *(folder / f"{name}.toml" for name in ("softplus", "word2vec")),
    ]
    names = {name for file in files for name in Trace(read(file)).names.known}
    plain = {name for name in names if not MEASURES.fullmatch(name) and not SLOTS.fullmatch(name)}
    # dW_clipped stands for dbeta_clipped, which only a layer with both has
    written = set(re.findall(r"`(\w+)(?:\[l\]|#s)?`", README))
    assert plain - written == {"dbeta_clipped"}


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("δ[1][1]", "δ delta where it is ∂L/∂z, da where it is ∂L/∂a"),
        ("ŷ", "ŷ a[l], with the number of the last layer"),
        ("∂L/∂w[1][1,1]", "∂L/∂w dW"),
        ("σ′[1]", "σ′ fprime"),
        ("", ""),
        ("²", ""),
        ("Lorem ipsum", ""),
    ],
)
def test_how_an_address_spells_a_symbol(text: str, how: str) -> None:
    assert spelt(text) == (f"; an address spells {how}" if how else "")
