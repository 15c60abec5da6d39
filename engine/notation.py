"""How symbols are written: one place that knows that δ is δ, in Unicode and in ASCII.

Addresses, files and exports' keys never pass through here; only what people read does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from engine.formula.nodes import Index
from engine.network import Network

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


def _joined(unit: tuple[Index, ...]) -> str:
    parts = [str(index) for index in unit]
    return "".join(parts) if all(len(part) == 1 for part in parts) else ",".join(parts)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a symbol stands: enough to write it at indices or at index variables."""

    name: str
    layer: int | None = None
    unit: tuple[Index, ...] = ()
    sample: Index | None = None


class Notation:
    """Symbols of one scenario, in one alphabet."""

    def __init__(self, network: Network, ascii: bool = False) -> None:
        self.ascii = ascii
        self._network = network
        self._depth = network.depth
        self._one_output = network.sizes[-1] == 1
        self._penalised = bool(network.scenario.training.penalties)
        self._parameters = {name for name, _ in network.parameters}

    def symbol(self, place: Place) -> str:
        """One element: w₁₂⁽¹⁾, ∂L/∂b₁⁽²⁾, ŷ; with #s where batches hold several samples."""
        text = self._element(place)
        if place.sample is not None and not self._network.single:
            return f"{text}#{place.sample}"
        return text

    def array(self, name: str, layer: int | None, transposed: bool = False) -> str:
        """A whole array: W⁽¹⁾, δ⁽²⁾ᵀ, x."""
        whole = "W" if name in ("W", "dW", "dW_data", "dW_penalty", "dW_clipped") else None
        text = self._element(Place(name, layer), whole=whole)
        return text + ("^T" if self.ascii else "ᵀ") if transposed else text

    def constant(self, name: str) -> str:
        """A hyperparameter: β₁, ε."""
        return name if self.ascii else CONSTANTS.get(name, name)

    def function(self, name: str) -> str:
        """A function's name: σ, tanh."""
        return "sigmoid" if self.ascii and name == "σ" else name

    def layer(self, number: int) -> str:
        """A layer by its place: input, layer 1, output."""
        if number == 0:
            return "input"
        return "output" if number == self._depth else f"layer {number}"

    def _element(self, place: Place, whole: str | None = None) -> str:
        writer = _WRITERS.get(place.name)
        if writer is not None:
            return writer(self, place, whole)
        return self._slot(place) or f"{place.name}{self._indexed('', place.layer, place.unit)}"

    def _slot(self, place: Place) -> str:
        """An optimizer's slot: m₁₂⁽¹⁾ beside w₁₂⁽¹⁾; of another parameter than W and b, m(γ₁⁽¹⁾)."""
        parameter = next((name for name in self._parameters if place.name.endswith(name) and place.name != name), "")
        if not parameter:
            return ""
        slot = place.name.removesuffix(parameter)
        letter = slot if self.ascii else SLOTS.get(slot, slot)
        if parameter in ("W", "b"):
            return self._indexed(letter, place.layer, place.unit)
        return f"{letter}({self._element(Place(parameter, place.layer, place.unit))})"

    def _indexed(self, letter: str, layer: int | None, unit: tuple[Index, ...]) -> str:
        """letter, unit below, layer above in parentheses."""
        below = _joined(unit)
        if self.ascii:
            return letter + below + ("" if layer is None else f"({layer})")
        return letter + subscript(below) + ("" if layer is None else superscript(f"({layer})"))

    def activation(self, layer: int | None, unit: tuple[Index, ...]) -> str:
        """a of a layer; ŷ in the last one, its index left out where it is the only output."""
        if layer != self._depth:
            return self._indexed("a", layer, unit)
        return self._indexed("yhat" if self.ascii else "ŷ", None, () if self._one_output else unit)

    def gradient(self, of: str, loss: str = "L") -> str:
        return f"d{loss}/d{of}" if self.ascii else f"∂{loss}/∂{of}"

    def prime_name(self, layer: int) -> str:
        """The derivative by its function's name, σ′; f′ where that is long."""
        name = self.function(self._network.activation_symbol(layer))
        return (name if len(name) < 5 else "f") + ("'" if self.ascii else "′")

    def prime(self, layer: int | None, argument: str) -> str:
        name = self.function(self._network.activation_symbol(layer)) if layer else "f"
        return f"{name}'({argument})" if self.ascii else f"{name}′({argument})"


_Writer = Callable[[Notation, Place, str | None], str]


def _plain(letter: str, ascii: str | None = None) -> _Writer:
    def write(notation: Notation, place: Place, whole: str | None) -> str:
        written = whole or (ascii if ascii and notation.ascii else letter)
        return notation._indexed(written, place.layer, place.unit)

    return write


def _gradient(letter: str, ascii: str | None = None, loss: str = "L") -> _Writer:
    """∂L/∂ of a symbol; `loss` is E or Ω for a part of the loss."""

    def write(notation: Notation, place: Place, whole: str | None) -> str:
        written = whole or (ascii if ascii and notation.ascii else letter)
        of = notation._indexed(written, place.layer, place.unit)
        if loss == "Ω":
            # under ascent it is taken from the objective
            minus = "-" if notation.ascii else "−"
            plain = "P" if notation.ascii else loss
            return notation.gradient(of, f"({minus}{plain})" if notation._network.loss.factor < 0.0 else plain)
        return notation.gradient(of, loss)

    return write


def _clipped(letter: str, ascii: str | None = None) -> _Writer:
    gradient = _gradient(letter, ascii)
    return lambda notation, place, whole: f"clip({gradient(notation, place, whole)})"


def _y(notation: Notation, place: Place, whole: str | None) -> str:
    return notation._indexed("y", None, () if notation._one_output else place.unit)


def _jacobian(notation: Notation, place: Place, whole: str | None) -> str:
    above = notation.activation(place.layer, place.unit[:1])
    reads = notation._network.activation_reads(place.layer or 1)
    below = notation._indexed(reads, place.layer, place.unit[1:])
    return f"d{above}/d{below}" if notation.ascii else f"∂{above}/∂{below}"


def _fprime(notation: Notation, place: Place, whole: str | None) -> str:
    reads = notation._network.activation_reads(place.layer or 1)
    return notation.prime(place.layer, notation._indexed(reads, place.layer, place.unit))


def _data_loss(notation: Notation, place: Place, whole: str | None) -> str:
    """L and its sample; E, the data's part, where penalties are apart from it."""
    return "E" if notation._penalised else "L"


_LETTERS = {"W": ("w", "w"), "b": ("b", "b"), "gamma": ("γ", "gamma"), "beta": ("β", "beta")}
_PARTS: dict[str, Callable[[str, str], _Writer]] = {
    "": _gradient,
    "_data": partial(_gradient, loss="E"),
    "_penalty": partial(_gradient, loss="Ω"),
    "_clipped": _clipped,
}
"""The parts a gradient is put together from."""

_WRITERS: dict[str, _Writer] = {
    "x": _plain("x"),
    "xtilde": _plain("x̃", "xtilde"),
    "noise": _plain("ε", "noise"),
    "y": _y,
    "z": _plain("z"),
    "a": lambda notation, place, whole: notation.activation(place.layer, place.unit),
    "mean": _plain("μ", "mean"),
    "var": _plain("σ²", "var"),
    "xhat": _plain("x̂", "xhat"),
    "h": _plain("h"),
    "mask": _plain("m", "mask"),
    "drop": _plain("ã", "adrop"),
    "W": _plain("w"),
    "b": _plain("b"),
    "gamma": _plain("γ", "gamma"),
    "beta": _plain("β", "beta"),
    "running_mean": _plain("μ̄", "running_mean"),
    "running_var": _plain("σ̄²", "running_var"),
    "fprime": _fprime,
    "jacobian": _jacobian,
    "delta": _plain("δ", "delta"),
    "da": lambda notation, place, whole: notation.gradient(notation.activation(place.layer, place.unit)),
    "dh": _gradient("h"),
    "ddrop": _gradient("ã", "adrop"),
    "dxhat": _gradient("x̂", "xhat"),
    "dmean": _gradient("μ", "mean"),
    "dvar": _gradient("σ²", "var"),
    "dx": _gradient("x"),
    "dxtilde": _gradient("x̃", "xtilde"),
    **{
        f"d{name}{suffix}": writer(letter, ascii)
        for name, (letter, ascii) in _LETTERS.items()
        for suffix, writer in _PARTS.items()
    },
    "gradient_norm": lambda notation, place, whole: "|dL|" if notation.ascii else "‖∂L‖",
    "loss": _plain("L"),
    "data_loss": _data_loss,
    "penalty": _plain("Ω", "P"),
    "lr": _plain("η", "eta"),
    "t": _plain("t"),
}
