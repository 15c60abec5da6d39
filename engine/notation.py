"""How symbols are written: one place that knows that δ is δ, in Unicode and in ASCII.

Addresses, files and exports' keys never pass through here; only what people read does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from engine.activations import ACTIVATIONS
from engine.formula.nodes import Index
from engine.network import Network
from engine.notation_style import DEFAULT, LETTERS, Style, ascii_letter
from engine.notation_words import Words
from engine.structs import replace

_SUBSCRIPT = str.maketrans("0123456789+-()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_SUPERSCRIPT = str.maketrans("0123456789+-()t", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵗ")

SLOTS = {"mhat": "m̂", "vhat": "v̂", "vmax": "vₘₐₓ", "move": "Δ"}
"""Optimizer slots as the field writes them; any other stands under its own name."""

CONSTANTS = {
    "beta1": "β₁", "beta2": "β₂", "epsilon": "ε", "momentum": "μ", "rho": "ρ", "weight_decay": "λ", "dampening": "τ",
    "alpha": "α", "learning_rate": "η₀", "strength": "λ", "delta": "κ", "share": "α", "limit": "c", "rate": "p",
    "momentum_decay": "ψ",
}  # fmt: skip
"""Hyperparameters as the field writes them; any other stands under its own name."""


def subscript(text: str) -> str:
    """Digits and those letters that exist as Unicode subscripts; anything else unchanged."""
    return text.translate(_SUBSCRIPT)


def superscript(text: str) -> str:
    return text.translate(_SUPERSCRIPT)


class Place(Struct, frozen=True):
    """Where a symbol stands: enough to write it at indices or at index variables."""

    name: str
    layer: int | None = None
    unit: tuple[Index, ...] = ()
    sample: Index | None = None


class Notation:
    """Symbols of one scenario, in one alphabet and one style."""

    def __init__(self, network: Network, ascii: bool = False, style: Style = DEFAULT) -> None:
        self.ascii = ascii
        self.style = style
        self.network = network
        self._depth = network.depth
        self._one_output = network.sizes[-1] == 1
        self._penalised = bool(network.scenario.training.penalties)
        self._parameters = {name for name, _ in network.parameters}
        self._words = Words(style)

    @property
    def minus(self) -> str:
        return "-" if self.ascii else "−"

    def symbol(self, place: Place) -> str:
        """One element: w₁₂⁽¹⁾, ∂L/∂b₁⁽²⁾, ŷ; with #s where batches hold several samples."""
        text = self._element(place)
        if place.sample is not None and not self.network.single:
            return self._of_sample(text, self.index(place.sample))
        return text

    def array(self, name: str, layer: int | None, transposed: bool = False) -> str:
        """A whole array: W⁽¹⁾, δ⁽²⁾ᵀ, x. The letter is meant as the style means it: W may have a row per input."""
        whole = "W" if name in ("W", "dW", "dW_data", "dW_penalty", "dW_clipped") else None
        text = self._element(Place(name, layer), whole=whole)
        if not transposed:
            return text
        # the transpose of a whole gradient, not of what it is taken by
        fraction = name != "jacobian" and text.startswith(self.gradient("").rstrip("}"))
        return self._transposed(f"({text})" if fraction else text)

    def stored(self, name: str, layer: int | None) -> str:
        """An array as the engine keeps it and tables show it, a row per unit: Wᵀ where W has a row per input."""
        shape = self.network.catalogue[name, layer].shape
        return self.array(name, layer, len(shape) == 2 and name != "jacobian" and self.style.weights == "W^T")

    def constant(self, name: str) -> str:
        """A hyperparameter: β₁, ε."""
        return name if self.ascii else CONSTANTS.get(name, name)

    def function(self, name: str) -> str:
        """A function's name: σ, tanh."""
        given = self.style.letter(_FUNCTIONS.get(name, name))
        if given:
            return self.given(given[0])
        return "sigmoid" if self.ascii and name == "σ" else name

    def layer(self, number: int) -> str:
        """A layer by its place: input, layer 1, output."""
        if number == 0:
            return "input"
        return "output" if number == self._depth else f"layer {self.layer_number(number)}"

    def layer_number(self, number: int) -> int:
        """What a layer is counted as; `number` is its place after the input."""
        return number + self.style.first_layer - 1

    def short(self, text: str, layer: int | None) -> str:
        """A symbol of a layer without the layer's number, where a column or a title tells the layer."""
        return text if layer is None else text.replace(self.layer_mark(layer), "")

    def layer_mark(self, layer: int) -> str:
        """How a layer stands at a symbol: ⁽¹⁾."""
        mark = f"({self.layer_number(layer)})"
        return mark if self.ascii else superscript(mark)

    def index(self, index: Index) -> str:
        """A unit or sample as it is counted; an index variable as it is."""
        return index if isinstance(index, str) else str(index + self.style.base - 1)

    def sentence(self, text: str, layer: int | None = None) -> str:
        """A sentence of the engine's, whose symbols are the default ones, in this style and alphabet.

        `layer` is the layer it is about, whose letters may be its own.
        """
        text = self._words.translated(text, layer)
        if self.ascii:
            for char, plain in _ASCII.items():
                text = text.replace(char, plain)
        return text

    def operator(self, text: str) -> str:
        """What stands between whole arrays in a formula: · ⊙ Σₛ, a number, a function's name, ∂L/∂ŷ of."""
        if text in _FUNCTIONS:
            return self.function(text)
        return self.sentence(text)

    def number(self, text: str) -> str:
        """A number's digits with the style's decimal sign."""
        return text if self.style.decimal == "." else text.replace(".", self.style.decimal)

    def lettered(self, key: str, layer: int | None, unit: tuple[Index, ...]) -> str:
        """The letter of LETTERS for a name, with layer and indices."""
        given = self.style.letter(key, layer)
        if given is None:
            letter = LETTERS[key]
            return self.indexed(self.spelled(letter, ascii_letter(letter)), layer, unit)
        letter, says_layer = given
        return self.indexed(self.given(letter), None if says_layer else layer, unit)

    # what an alphabet decides

    def spelled(self, letter: str, ascii: str) -> str:
        """A letter of ours."""
        return ascii if self.ascii else letter

    def given(self, letter: str) -> str:
        """A letter that a style gives."""
        return ascii_letter(letter) if self.ascii else letter

    def indexed(self, letter: str, layer: int | None, unit: tuple[Index, ...]) -> str:
        """letter, unit below, layer above in parentheses."""
        below, above = self._joined(unit), "" if layer is None else self.layer_mark(layer)
        return letter + (below if self.ascii else subscript(below)) + above

    def gradient(self, of: str, loss: str = "L") -> str:
        """∂L/∂ of a symbol."""
        loss = self.lettered("L", None, ()) if loss == "L" else loss
        return self.slope(loss, of)

    def slope(self, above: str, below: str) -> str:
        """∂above/∂below."""
        return f"d{above}/d{below}" if self.ascii else f"∂{above}/∂{below}"

    def prime_name(self, layer: int) -> str:
        """The derivative by its function's name, σ′; f′ where that is long."""
        name = self.function(self.network.activation_symbol(layer))
        return (name if len(name) < 5 else "f") + ("'" if self.ascii else "′")

    def prime(self, layer: int | None, argument: str) -> str:
        name = self.function(self.network.activation_symbol(layer)) if layer else "f"
        return f"{name}'({argument})" if self.ascii else f"{name}′({argument})"

    def norm(self) -> str:
        """The length of all gradients."""
        loss = self.lettered("L", None, ())
        return f"|d{loss}|" if self.ascii else f"‖∂{loss}‖"

    def clipped(self, gradient: str) -> str:
        return f"clip({gradient})"

    def _transposed(self, text: str) -> str:
        return text + ("^T" if self.ascii else "ᵀ")

    def _of_sample(self, text: str, sample: str) -> str:
        return f"{text}#{sample}"

    def _slot_of(self, slot: str, parameter: str) -> str:
        return f"{slot}({parameter})"

    def _joined(self, unit: tuple[Index, ...]) -> str:
        parts = [self.index(index) for index in unit]
        return "".join(parts) if all(len(part) == 1 for part in parts) else ",".join(parts)

    # what a name is written as

    def _element(self, place: Place, whole: str | None = None) -> str:
        if len(place.unit) == 2 and place.name != "jacobian" and self.style.index_order == "from_to":
            place = replace(place, unit=place.unit[::-1])
        writer = _WRITERS.get(place.name)
        if writer is not None:
            return writer(self, place, whole)
        return self._slot(place) or f"{place.name}{self.indexed('', place.layer, place.unit)}"

    def _slot(self, place: Place) -> str:
        """An optimizer's slot: m₁₂⁽¹⁾ beside w₁₂⁽¹⁾; of another parameter than W and b, m(γ₁⁽¹⁾)."""
        parameter = next((name for name in self._parameters if place.name.endswith(name) and place.name != name), "")
        if not parameter:
            return ""
        slot = place.name.removesuffix(parameter)
        letter = self.spelled(SLOTS.get(slot, slot), slot)
        if parameter in ("W", "b"):
            return self.indexed(letter, place.layer, place.unit)
        return self._slot_of(letter, self._element(Place(parameter, place.layer, place.unit)))

    def activation(self, layer: int | None, unit: tuple[Index, ...]) -> str:
        """a of a layer; ŷ in the last one, its index left out where it is the only output."""
        own = self.style.letter("a", layer)
        if layer != self._depth or (own is not None and own[1]):
            return self.lettered("a", layer, unit)
        return self.lettered("yhat", None, () if self._one_output else unit)


_FUNCTIONS = {entry.symbol: name for name, entry in ACTIVATIONS.items()}

_ASCII = {
    "·": "*", "Σₛ": "sum_s", "Σᵢ": "sum_i", "Σ": "sum", "⊙": "(.)", "−": "-", "′": "'", "∂": "d", "δ": "delta",
    "ŷ": "yhat", "σ": "sigmoid", "η": "eta", "²": "^2", "∞": "inf", "½": "1/2", "…": "...",
    "x̂": "xhat", "γ": "gamma", "β": "beta", "ε": "epsilon", "ρ": "rho", "√": "sqrt ", "‖": "||", "₀": "0", "₁": "1",
    "₂": "2", "ᵗ": "^t",
}  # fmt: skip

_Writer = Callable[[Notation, Place, str | None], str]


def _lettered(key: str) -> _Writer:
    """A symbol with a letter of LETTERS."""
    return lambda notation, place, whole: notation.lettered(whole or key, place.layer, place.unit)


def _plain(letter: str, ascii: str | None = None) -> _Writer:
    def write(notation: Notation, place: Place, whole: str | None) -> str:
        return notation.indexed(notation.spelled(letter, ascii or letter), place.layer, place.unit)

    return write


def _gradient(of: _Writer, loss: str = "L") -> _Writer:
    """∂L/∂ of a symbol; `loss` is E or Ω for a part of the loss."""

    def write(notation: Notation, place: Place, whole: str | None) -> str:
        below = of(notation, place, whole)
        if loss == "Ω":
            # under ascent it is taken from the objective
            plain = notation.spelled(loss, "P")
            return notation.gradient(below, f"({notation.minus}{plain})" if _ascent(notation) else plain)
        return notation.gradient(below, loss)

    return write


def _ascent(notation: Notation) -> bool:
    return notation.network.loss.factor < 0.0


def _clipped(of: _Writer) -> _Writer:
    gradient = _gradient(of)
    return lambda notation, place, whole: notation.clipped(gradient(notation, place, whole))


def _y(notation: Notation, place: Place, whole: str | None) -> str:
    return notation.lettered("y", None, () if notation.network.sizes[-1] == 1 else place.unit)


def _jacobian(notation: Notation, place: Place, whole: str | None) -> str:
    above = notation.activation(place.layer, place.unit[:1])
    reads = notation.network.activation_reads(place.layer or 1)
    return notation.slope(above, notation.lettered(reads, place.layer, place.unit[1:]))


def _fprime(notation: Notation, place: Place, whole: str | None) -> str:
    reads = notation.network.activation_reads(place.layer or 1)
    return notation.prime(place.layer, notation.lettered(reads, place.layer, place.unit))


def _delta(notation: Notation, place: Place, whole: str | None) -> str:
    """∂L/∂z, by whatever the style calls it."""
    if notation.style.delta == "da":
        return notation.gradient(notation.lettered("z", place.layer, place.unit))
    minus = notation.minus if notation.style.delta == "-dz" else ""
    return minus + notation.lettered("delta", place.layer, place.unit)


def _da(notation: Notation, place: Place, whole: str | None) -> str:
    """∂L/∂a, which some call δ."""
    if notation.style.delta == "da":
        return notation.lettered("delta", place.layer, place.unit)
    return notation.gradient(notation.activation(place.layer, place.unit))


def _data_loss(notation: Notation, place: Place, whole: str | None) -> str:
    """L and its sample; E, the data's part, where penalties are apart from it."""
    return "E" if notation.network.scenario.training.penalties else notation.lettered("L", None, ())


_PARAMETERS = {"W": "w", "b": "b", "gamma": "gamma", "beta": "beta"}
_PARTS: dict[str, Callable[[_Writer], _Writer]] = {
    "": _gradient,
    "_data": partial(_gradient, loss="E"),
    "_penalty": partial(_gradient, loss="Ω"),
    "_clipped": _clipped,
}
"""The parts a gradient is put together from."""

_WRITERS: dict[str, _Writer] = {
    "x": _lettered("x"),
    "xtilde": _plain("x̃", "xtilde"),
    "noise": _plain("ε", "noise"),
    "y": _y,
    "z": _lettered("z"),
    "a": lambda notation, place, whole: notation.activation(place.layer, place.unit),
    "mean": _plain("μ", "mean"),
    "var": _plain("σ²", "var"),
    "xhat": _plain("x̂", "xhat"),
    "h": _lettered("h"),
    "mask": _plain("m", "mask"),
    "drop": _plain("ã", "adrop"),
    **{name: _lettered(key) for name, key in _PARAMETERS.items()},
    "running_mean": _plain("μ̄", "running_mean"),
    "running_var": _plain("σ̄²", "running_var"),
    "fprime": _fprime,
    "jacobian": _jacobian,
    "delta": _delta,
    "da": _da,
    "dh": _gradient(_lettered("h")),
    "ddrop": _gradient(_plain("ã", "adrop")),
    "dxhat": _gradient(_plain("x̂", "xhat")),
    "dmean": _gradient(_plain("μ", "mean")),
    "dvar": _gradient(_plain("σ²", "var")),
    "dx": _gradient(_lettered("x")),
    "dxtilde": _gradient(_plain("x̃", "xtilde")),
    **{
        f"d{name}{suffix}": writer(_lettered(key))
        for name, key in _PARAMETERS.items()
        for suffix, writer in _PARTS.items()
    },
    "gradient_norm": lambda notation, place, whole: notation.norm(),
    "loss": _lettered("L"),
    "data_loss": _data_loss,
    "penalty": _plain("Ω", "P"),
    "lr": _lettered("eta"),
    "t": _plain("t"),
}
