"""Slips at the error and on the way back: signs, f′, paths, weights of the wrong time."""

from __future__ import annotations

from collections.abc import Iterator

from engine.activations import ACTIVATIONS
from engine.formula.ground import units_of
from engine.formula.nodes import (
    Kronecker,
    Named,
    Neg,
    Node,
    Reduce,
    Ref,
    substitute,
)
from engine.layers.stage import gradient_of, ref
from engine.quantity import Key
from engine.slips.site import (
    MOST_PATHS,
    Site,
    Variant,
    each_and_all,
    is_ref,
    mentions,
    swapped,
    with_refs,
    without,
)
from engine.structs import replace


def sign(site: Site) -> Iterator[Variant]:
    # the error comes from the derivative of what is made small: ŷ − y of a loss, y − ŷ of an objective
    ascent = site.network.scenario.training.direction == "maximise"
    clause = f"the sign of the error is turned round ({'ŷ − y for y − ŷ' if ascent else 'y − ŷ for ŷ − y'})"
    keys = [site.error, *(site.back(layer) for layer in site.layers)]
    keys += [(f"d{name}", layer) for name, layer in site.network.parameters]
    for key in dict.fromkeys(keys):
        template = site.template(key)
        if template is not None:
            turned = key if key == site.error else None
            where = f"the sign of {key[0]} of layer {key[1]} is turned round"
            yield Variant(clause if turned else where, {key: Neg(template)})


def slope_forgotten(site: Site) -> Iterator[Variant]:
    made: dict[int, dict[Key, Node]] = {}
    for layer in site.layers:
        key = site.back(layer)
        template = site.template(key)
        if template is None:
            continue
        if mentions(template, "fprime"):
            made[layer] = {key: without(template, is_ref("fprime"))}
        elif mentions(template, "jacobian"):
            made[layer] = {key: ref(gradient_of(("a", layer)), "j")}
    yield from each_and_all(made, "f′ is forgotten{}")


def slope_twice(site: Site) -> Iterator[Variant]:
    made: dict[int, dict[Key, Node]] = {}
    shortcut: dict[int, dict[Key, Node]] = {}
    for layer in site.layers:
        key = site.back(layer)
        template = site.template(key)
        if template is None:
            continue
        if ("fprime", layer) in site.network.catalogue:
            slope: Node = ref(("fprime", layer), "j")
        else:
            slope = Ref("jacobian", layer, ("j", "j"), "s")
        there = made if mentions(template, "fprime", "jacobian") else shortcut
        there[layer] = {key: template * slope}
    yield from each_and_all(made, "f′ is taken twice{}")
    for replaced in shortcut.values():
        yield Variant("f′ of the last layer is multiplied in, which the loss has cancelled already", replaced)


def slope_of_another(site: Site) -> Iterator[Variant]:
    for layer in site.layers:
        key = site.back(layer)
        template = site.template(key)
        if template is None or not mentions(template, "fprime"):
            continue
        for other in site.layers:
            if other == layer or ("fprime", other) not in site.network.catalogue:
                continue
            single = site.network.sizes[other] == 1
            there = Ref("fprime", other, (1 if single else "j",), "s")
            clause = f"f′ of layer {other} is used in layer {layer}"
            yield Variant(clause, {key: swapped(template, "fprime", there)})
            if site.activation(other) != site.activation(layer):
                other_slope = slope_at(site, layer, other, site.network.activation_reads(layer))
                if other_slope is not None:
                    clause = f"f′ of layer {other}'s activation is used in layer {layer}"
                    yield Variant(clause, {("fprime", layer): other_slope})


def slope_at_a(site: Site) -> Iterator[Variant]:
    made: dict[int, dict[Key, Node]] = {}
    for layer in site.layers:
        there = slope_at(site, layer, layer, "a")
        if there is not None and ("fprime", layer) in site.network.catalogue:
            made[layer] = {("fprime", layer): there}
    yield from each_and_all(made, "f′ is evaluated at a where z is meant{}")


def slope_at(site: Site, layer: int, of: int, at: str) -> Node | None:
    """f′ of layer `of`'s activation at an array of `layer`; None for a function of the whole layer."""
    declared = site.network.scenario.layers[of - 1]
    entry = ACTIVATIONS[declared.activation]
    if entry.derivative is None or entry.value is None:
        return None
    options: dict[str, Node] = {name: Named(name, float(value)) for name, value in declared.activation_options.items()}
    z: Node = ref((at, layer), "j")
    holes = {**options, "z": z}
    return substitute(entry.derivative, {**holes, "a": substitute(entry.value, {**holes, "a": z})})


def delta_for_da(site: Site) -> Iterator[Variant]:
    name, layer = site.address.name, site.address.layer
    if name == "da" and layer:
        # a file may call ∂L/∂a its δ
        given = "δ" if site.network.scenario.notation.delta == "dz" else "∂L/∂z"
        yield Variant(f"{given} is given where ∂L/∂a was asked", {}, replace(site.address, name=site.back(layer)[0]))


def path_forgotten(site: Site) -> Iterator[Variant]:
    for key, quantity in site.network.catalogue.items():
        name, layer = key
        above = (layer or 0) + 1
        if name not in ("da", "dh", "ddrop") or not isinstance(quantity.template, Reduce) or above > site.depth:
            continue
        sum_ = quantity.template
        count = site.network.sizes[above]
        if sum_.over != units_of(above) or not 2 <= count <= MOST_PATHS:
            continue
        for unit in range(1, count + 1):
            there = Kronecker(sum_.index, unit)
            clause = f"the path through unit {unit} of layer {above} is forgotten"
            yield Variant(clause, {key: replace(sum_, body=sum_.body * (1 - there))})
            if count > 2:
                clause = f"only the path through unit {unit} of layer {above} is taken"
                yield Variant(clause, {key: replace(sum_, body=sum_.body * there)})


def updated_weights(site: Site) -> Iterator[Variant]:
    made: dict[int, dict[Key, Node]] = {}
    for key, quantity in site.network.catalogue.items():
        name, layer = key
        if name in ("da", "dh", "ddrop") and quantity.template is not None and mentions(quantity.template, "W"):
            new = with_refs(quantity.template, lambda r: replace(r, after=True) if r.name == "W" else r)
            made[(layer or 0) + 1] = {key: new}
    yield from each_and_all(made, "the updated weights are used on the way back{} where the old ones belong")
