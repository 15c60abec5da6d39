"""Which addresses exist in a network, what they mean, and what to say of those that do not."""

from __future__ import annotations

from engine.address import Address, AddressError, Parsed, parse, shown
from engine.network import Network
from engine.quantity import Quantity
from engine.suggestions import candidates, missing


class Names:
    """Resolves addresses in one network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._layers: dict[str, list[int]] = {}
        for name, layer in network.catalogue:
            self._layers.setdefault(name, [])
            if layer is not None:
                self._layers[name].append(layer)

    @property
    def known(self) -> tuple[str, ...]:
        """Every name that an address of this network can begin with."""
        return tuple(self._layers)

    def resolve(self, text: str) -> Address:
        """The address `text` names; sample and @k stay None where not written, `a[0]` becomes `x`.

        Raises:
            AddressError: it has not the form of an address, or names nothing in this network.
        """
        try:
            parsed = parse(text)
        except AddressError as error:
            raise AddressError(f"{error}{self._meant(text, '')}") from None
        return self._found(parsed)

    def _found(self, parsed: Parsed) -> Address:
        name, brackets = parsed.name, parsed.brackets
        if name == "a" and brackets[:1] == ((0,),):
            name, brackets = "x", brackets[1:]
        if name not in self._layers:
            hint = self._meant(parsed.text, name) or f"; the names are {', '.join(self._layers)}"
            raise AddressError(f"{shown(parsed.text)}: there is no quantity {shown(name)} in this network{hint}")
        layer, rest = self._layer(parsed, name, brackets)
        quantity = self._network.catalogue[name, layer]
        unit = self._unit(parsed, quantity, rest)
        self._check_k(parsed)
        self._check_sample(parsed, quantity)
        return Address(name, layer, unit, parsed.sample, parsed.k)

    def quantity(self, address: Address) -> Quantity:
        """The quantity a resolved address lies in."""
        return self._network.catalogue[address.name, address.layer]

    def shape(self, address: Address) -> tuple[int, ...]:
        """The shape of what `eval` gives for a resolved address; a missing @k counts as @0."""
        quantity = self.quantity(address)
        unit = quantity.shape[len(address.unit) :]
        if quantity.per_sample and address.sample is None and not quantity.summed:
            return (self._network.batches.size(address.k or 0), *unit)
        return unit

    def _meant(self, text: str, name: str) -> str:
        """What may have been meant by a text that names nothing, or what is not in this network; empty for neither."""
        lacks = missing(name, self._layers)
        if lacks:
            return f": {lacks}"
        scenario = self._network.scenario
        for one in candidates(text, name, self._layers, self._network.depth, scenario.notation):
            begins = one.partition("[")[0].partition("#")[0].partition("@")[0].strip()
            if begins not in self._layers:
                continue
            try:
                self._found(parse(one))
            except AddressError:
                # the name is right and what follows is not: that is said when it is written
                one = begins
            return f"; did you mean {one}?"
        return ""

    def _layer(
        self, parsed: Parsed, name: str, brackets: tuple[tuple[int, ...], ...]
    ) -> tuple[int | None, tuple[tuple[int, ...], ...]]:
        layers = self._layers[name]
        if not layers:
            return None, brackets
        if not brackets or len(brackets[0]) != 1:
            raise AddressError(
                f"{shown(parsed.text)}: {name} needs the layer in brackets of its own, like {name}[{layers[-1]}]"
            )
        layer = brackets[0][0]
        if layer not in layers:
            have = ", ".join(map(str, layers)) if len(layers) < 4 else f"{min(layers)} to {max(layers)}"
            raise AddressError(f"{shown(parsed.text)}: there is no {name} in layer {layer}; it is in layer {have}")
        return layer, brackets[1:]

    def _unit(self, parsed: Parsed, quantity: Quantity, brackets: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
        shape = quantity.shape
        if not brackets:
            return ()
        if not shape:
            raise AddressError(f"{shown(parsed.text)}: {quantity.name} is one number; expected no index")
        if len(brackets) > 1:
            raise AddressError(
                f"{shown(parsed.text)}: too many brackets; expected {_form(quantity)}"
                " (indices of one place share brackets)"
            )
        unit = brackets[0]
        if len(unit) > len(shape):
            raise AddressError(f"{shown(parsed.text)}: expected {_form(quantity)}, got {len(unit)} indices")
        for index, size, what in zip(unit, shape, _axes(quantity), strict=False):
            if not 1 <= index <= size:
                have = f"1 to {size}" if size > 1 else "1, the only one"
                raise AddressError(f"{shown(parsed.text)}: {what} {index} does not exist; expected {have}")
        return unit

    def _check_k(self, parsed: Parsed) -> None:
        last = self._network.scenario.training.iterations
        if parsed.k is not None and parsed.k > last:
            updates = "1 update" if last == 1 else f"{last} updates"
            raise AddressError(f"{shown(parsed.text)}: there is no @{parsed.k}; the walk has {updates}: @0 to @{last}")

    def _check_sample(self, parsed: Parsed, quantity: Quantity) -> None:
        if parsed.sample is None:
            return
        if not quantity.per_sample and quantity.name not in ("dW", "db", "dW_data", "db_data"):
            hint = "; its terms are data_loss#s" if quantity.name == "loss" else ""
            raise AddressError(f"{shown(parsed.text)}: {quantity.name} does not belong to a sample{hint}")
        batches = self._network.batches
        size = batches.largest if parsed.k is None else batches.size(parsed.k)
        if parsed.sample > size:
            raise AddressError(f"{shown(parsed.text)}: there is no sample {parsed.sample}; the batch has {size}")


def _axes(quantity: Quantity) -> tuple[str, ...]:
    if quantity.name == "x":
        return ("input",)
    if quantity.name == "jacobian":
        return ("output", "unit")
    return ("unit", "input")


def _form(quantity: Quantity) -> str:
    layer = "" if quantity.layer is None else f"[{quantity.layer}]"
    inner = {0: "", 1: "[unit]", 2: "[to,from]"}[len(quantity.shape)]
    return f"{quantity.name}{layer}{inner}"
