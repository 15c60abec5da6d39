"""Slips in gradients and updates, and on the way forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.formula.ground import units_of
from engine.formula.nodes import (
    Let,
    Local,
    Mul,
    Neg,
    Node,
    Num,
    Reduce,
    Ref,
    exp,
    sum_over,
)
from engine.layers.stage import ref
from engine.quantity import Key, Kind
from engine.slips.site import (
    MOST_PATHS,
    PARAMETERS,
    Site,
    Variant,
    data_part,
    each_and_all,
    is_ref,
    mentions,
    names_it,
    swapped,
    with_named,
    with_refs,
    without,
)
from engine.structs import replace


def factor_missing(site: Site) -> Iterator[Variant]:
    for name, layer in site.network.parameters:
        key = data_part(site, name, layer)
        template = site.template(key)
        if name == "W" and template is not None:
            factor = "x" if layer == 1 else "a"
            alone = without(template, lambda node: isinstance(node, Ref) and node.name not in ("delta",))
            yield Variant(f"the factor {factor} is missing from the gradient of layer {layer}", {key: alone})


def bias_as_weight(site: Site) -> Iterator[Variant]:
    for name, layer in site.network.parameters:
        weights = site.template(data_part(site, "W", layer))
        key = data_part(site, name, layer)
        if name != "b" or site.template(key) is None or not isinstance(weights, Reduce):
            continue
        for k in range(1, min(MOST_PATHS, site.network.sizes[(layer or 1) - 1]) + 1):
            clause = f"the gradient of the bias of layer {layer} is multiplied by an input, as if it were a weight's"
            yield Variant(clause, {key: _of_input(weights, k)})


def _of_input(weights: Node, k: int) -> Node:
    """The gradient of a row's weight from input k."""

    def at(reference: Ref) -> Ref:
        return replace(reference, unit=tuple(k if index == "k" else index for index in reference.unit))

    return with_refs(weights, at)


def gradient_for_weight(site: Site) -> Iterator[Variant]:
    key = (site.address.name, site.address.layer)
    quantity = site.network.catalogue[key]
    if quantity.kind is not Kind.STATE or key[0] not in PARAMETERS or quantity.template is None:
        return
    gradient: Node = Ref(f"d{key[0]}", key[1], quantity.indices)
    rate = Ref("lr")
    asked = "where the new value was asked"
    yield Variant(f"the gradient itself is given {asked}", {key: gradient})
    yield Variant(f"η times the gradient is given {asked}", {key: rate * gradient})
    yield Variant(f"the step −η times the gradient is given {asked}", {key: Neg(rate * gradient)})


def rate_forgotten(site: Site) -> Iterator[Variant]:
    made = {
        key: with_refs(quantity.template, lambda r: Num(1.0) if r.name == "lr" else r)
        for key, quantity in site.network.catalogue.items()
        if quantity.kind is Kind.STATE and quantity.template is not None and mentions(quantity.template, "lr")
    }
    if made:
        yield Variant("the gradient is not multiplied by η", made)


def strength_forgotten(site: Site) -> Iterator[Variant]:
    every = [(key, found.template) for key, found in site.network.catalogue.items() if found.template is not None]
    for named, what in (("strength", "λ"), ("weight_decay", "the weight decay")):
        meant = [(key, tree) for key, tree in every if names_it(tree, named)]
        if meant:
            yield Variant(
                f"{what} is forgotten and its term kept", {key: with_named(tree, named, 1.0) for key, tree in meant}
            )
            yield Variant(
                f"the term with {what} is left out", {key: with_named(tree, named, 0.0) for key, tree in meant}
            )


def constant(site: Site) -> Iterator[Variant]:
    n, outputs = site.samples, site.network.sizes[-1]
    reasons: dict[Node, list[str]] = {
        Num(2.0): ["a factor 2 is kept or a ½ lost"],
        Num(0.5): ["a factor ½ is kept or a 2 lost"],
    }
    if n > 1:
        # where both are the same number, either may have been the reason
        reasons.setdefault(Num(float(n)), []).append("the 1/n is lost")
        reasons.setdefault(Num(0.5) if n == 2 else 1 / Num(float(n)), []).append("a 1/n is put in that is not there")
    if outputs > 1:
        if site.network.loss.over_outputs == "mean":
            reasons.setdefault(Num(float(outputs)), []).append("the 1/K over the outputs is lost")
        else:
            under = Num(0.5) if outputs == 2 else 1 / Num(float(outputs))
            reasons.setdefault(under, []).append("a 1/K over the outputs is put in that is not there")
    for factor, clauses in reasons.items():
        yield from scaled(site, factor, ", or ".join(clauses))


def sum_twice(site: Site) -> Iterator[Variant]:
    outputs = site.network.sizes[-1]
    if outputs > 1 and site.network.loss.over_outputs == "sum":
        yield from scaled(site, Num(float(outputs)), "the sum over the classes is written twice")


def scaled(site: Site, factor: Node, clause: str) -> Iterator[Variant]:
    """A factor before the loss and before everything that comes back from it, and before the penalty's part."""
    keys = [key for key in (("data_loss", None), ("loss", None)) if site.template(key) is not None]
    yield Variant(clause, {site.error: _times(factor, site.template(site.error))})
    for key in keys:
        yield Variant(clause, {key: _times(factor, site.template(key))})
    penalties = {
        key: _times(factor, found.template)
        for key, found in site.network.catalogue.items()
        if (key[0] == "penalty" or key[0].endswith("_penalty")) and found.template is not None
    }
    if penalties:
        yield Variant(f"{clause} in the penalty", penalties)


def _times(factor: Node, template: Node | None) -> Node:
    assert template is not None, "what is scaled has a formula"
    return Mul((factor, template))


def exchanged(site: Site) -> Iterator[Variant]:
    address = site.address
    shape = site.network.catalogue[address.name, address.layer].shape
    clause = "the two indices are exchanged (w_{from,to} for w_{to,from})"
    if site.network.scenario.notation.index_order == "from_to":
        clause = (
            "the two indices are exchanged: an address is always [to,from], though this file's symbols are w_{from,to}"
        )
    if len(address.unit) == 2:
        to, source = address.unit
        if to != source and source <= shape[0] and to <= shape[1]:
            yield Variant(clause, {}, replace(address, unit=(source, to)))
    made: dict[int, dict[Key, Node]] = {}
    back: dict[int, dict[Key, Node]] = {}
    for layer in site.layers:
        if site.network.sizes[layer] != site.network.sizes[layer - 1]:
            continue
        template = site.template(("z", layer))
        assert template is not None, "z is computed"
        made[layer] = {("z", layer): with_refs(template, _turned)}
        for name in ("da", "dh", "ddrop"):
            below = site.template((name, layer - 1))
            if below is not None and mentions(below, "W"):
                back[layer] = {(name, layer - 1): with_refs(below, _turned)}
    yield from each_and_all(made, "Wᵀ is used for W on the way forward{}")
    yield from each_and_all(back, "W is used for Wᵀ on the way back{}")


def _turned(reference: Ref) -> Ref:
    return replace(reference, unit=reference.unit[::-1]) if reference.name == "W" else reference


def activation_dropped(site: Site) -> Iterator[Variant]:
    made: dict[int, dict[Key, Node]] = {}
    for layer in site.layers:
        if site.activation(layer) != "identity":
            made[layer] = {("a", layer): ref((site.network.activation_reads(layer), layer), "j")}
    yield from each_and_all(made, "the activation is dropped (a = z){}")


def a_for_z(site: Site) -> Iterator[Variant]:
    if site.address.name == "z":
        yield Variant("a is given where z was asked", {}, replace(site.address, name="a"))


def bias_forgotten(site: Site) -> Iterator[Variant]:
    made: dict[int, dict[Key, Node]] = {}
    for layer in site.layers:
        template = site.template(("z", layer))
        if template is not None and mentions(template, "b"):
            made[layer] = {("z", layer): without(template, is_ref("b"))}
    yield from each_and_all(made, "the bias is left out{}")


def softmax(site: Site) -> Callable[[str], Node] | None:
    """e^z of the last layer, where that is a softmax."""
    if site.activation(site.depth) not in ("softmax", "log_softmax"):
        return None
    return lambda unit: exp(ref(site.network.logits, unit))


def normalised_twice(site: Site) -> Iterator[Variant]:
    grown = softmax(site)
    if grown is None:
        return
    space = units_of(site.depth)
    again = exp(grown("j") / Local("n")) / sum_over("i", space, exp(grown("i") / Local("n")))
    yield Variant("the softmax is taken twice", {("a", site.depth): Let("n", sum_over("i", space, grown("i")), again)})


def exp_forgotten(site: Site) -> Iterator[Variant]:
    grown = softmax(site)
    if grown is None:
        return
    plain = sum_over("i", units_of(site.depth), ref(site.network.logits, "i"))
    key = ("a", site.depth)
    yield Variant("exp is forgotten in the normaliser of the softmax", {key: grown("j") / plain})
    yield Variant("exp is forgotten in the softmax", {key: ref(site.network.logits, "j") / plain})


def wrong_class(site: Site) -> Iterator[Variant]:
    count = site.network.sizes[-1]
    if softmax(site) is None or count > MOST_PATHS:
        return
    key = ("a", site.depth)
    for other in range(1, count + 1):
        clause = f"the softmax of class {other} is used"
        if site.address.name == "a" and site.address.layer == site.depth and site.address.unit:
            yield Variant(clause, {}, replace(site.address, unit=(other,)))
        error = site.error
        template = site.template(error)
        if template is not None and mentions(template, "a"):
            there = Ref(*key, (other,), "s")
            yield Variant(clause, {error: swapped(template, "a", there)})
