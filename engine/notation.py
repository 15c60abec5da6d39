"""How symbols are written: one place that knows that δ is δ, in Unicode and in ASCII.

Addresses, files and exports' keys never pass through here; only what people read does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.formula.nodes import Index
from engine.network import Network

_SUBSCRIPT = str.maketrans("0123456789+-()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_SUPERSCRIPT = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")


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
        self._slots = {name for name, _ in network.layout.shapes} - {"W", "b"}

    def symbol(self, place: Place) -> str:
        """One element: w₁₂⁽¹⁾, ∂L/∂b₁⁽²⁾, ŷ; with #s where batches hold several samples."""
        text = self._element(place)
        if place.sample is not None and not self._network.single:
            return f"{text}#{place.sample}"
        return text

    def array(self, name: str, layer: int | None, transposed: bool = False) -> str:
        """A whole array: W⁽¹⁾, δ⁽²⁾ᵀ, x."""
        whole = {"W": "W", "dW": "W"}.get(name)
        text = self._element(Place(name, layer), whole=whole)
        return text + ("^T" if self.ascii else "ᵀ") if transposed else text

    def function(self, name: str) -> str:
        """A function's name: σ, tanh."""
        return "sigmoid" if self.ascii and name == "σ" else name

    def layer(self, number: int) -> str:
        """A layer by its place: input, layer 1, output."""
        if number == 0:
            return "input"
        return "output" if number == self._depth else f"layer {number}"

    def _element(self, place: Place, whole: str | None = None) -> str:
        name, layer, unit = place.name, place.layer, place.unit
        writer = _WRITERS.get(name)
        if writer is not None:
            return writer(self, place, whole)
        slot = next((slot for slot in self._slots if slot == name), name)
        return f"{slot[:-1]}({self._indexed('w' if slot.endswith('W') else 'b', layer, unit)})"

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

    def gradient(self, of: str) -> str:
        return f"dL/d{of}" if self.ascii else f"∂L/∂{of}"

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


def _gradient(letter: str) -> _Writer:
    def write(notation: Notation, place: Place, whole: str | None) -> str:
        return notation.gradient(notation._indexed(whole or letter, place.layer, place.unit))

    return write


def _y(notation: Notation, place: Place, whole: str | None) -> str:
    return notation._indexed("y", None, () if notation._one_output else place.unit)


def _jacobian(notation: Notation, place: Place, whole: str | None) -> str:
    above = notation.activation(place.layer, place.unit[:1])
    below = notation._indexed("z", place.layer, place.unit[1:])
    return f"d{above}/d{below}" if notation.ascii else f"∂{above}/∂{below}"


_WRITERS: dict[str, _Writer] = {
    "x": _plain("x"),
    "y": _y,
    "z": _plain("z"),
    "a": lambda notation, place, whole: notation.activation(place.layer, place.unit),
    "W": _plain("w"),
    "b": _plain("b"),
    "fprime": lambda notation, place, whole: notation.prime(
        place.layer, notation._indexed("z", place.layer, place.unit)
    ),
    "jacobian": _jacobian,
    "delta": _plain("δ", "delta"),
    "da": lambda notation, place, whole: notation.gradient(notation.activation(place.layer, place.unit)),
    "dx": _gradient("x"),
    "dW": _gradient("w"),
    "db": _gradient("b"),
    "loss": _plain("L"),
    "data_loss": _plain("L"),
    "lr": _plain("η", "eta"),
    "t": _plain("t"),
}
