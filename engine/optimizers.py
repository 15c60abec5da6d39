"""The optimizers: a table, one entry each.

An optimizer is a list of rules, applied in order to every element of every parameter: each rule writes a slot (a
state of the optimizer, one number per parameter) or, the last one, the parameter itself. A rule is a tree in `old`
(the parameter before), `gradient`, `lr`, `t` (the number of this update, from 1), the options by name, and the
slots: `m` is a slot as this update has just written it, `m_old` as it was before. The tree is printed in the walk
and compiled to the numpy code that updates.

PyTorch, Keras/TensorFlow and textbooks differ in small ways that change every digit; each difference is an option
here, and the defaults are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from engine.formula.nodes import Node, Num, Var, Where, absolute, call, maximum

OLD = Var("old")
GRADIENT = Var("gradient")
LR = Var("lr")
T = Var("t")

Option = float | bool | str
Options = Mapping[str, Option]


class Rule(Struct, frozen=True):
    """One assignment of an update."""

    slot: str
    """Name of the slot written; empty for the parameter."""
    formula: Node
    why: str
    start: float = 0.0
    """Value of the slot before the first update."""


class Optimizer(Struct, frozen=True):
    """One optimizer: its rules and its options."""

    name: str
    make: Callable[[Options], tuple[Rule, ...]]
    """The rules for given options (every option filled in); what an option turns off has no rule. The option
    `maximise`, which no file gives here, is true under ascent: the step is then added, the decay still shrinks."""
    source: str
    options: Options = field(default_factory=dict)
    """Option names and their defaults, beyond learning_rate. A number, true or false, or a word of `choices`."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the options that are words may say."""
    aliases: tuple[str, ...] = ()


def sqrt(x: Node) -> Node:
    return call("sqrt", x)


def power(base: Node | float, exponent: Node) -> Node:
    """base to the power of a number that changes from update to update."""
    return call("pow", base, exponent)


def _gradient(options: Options) -> Node:
    """The gradient, with the coupled weight decay that changes it where there is one."""
    if not options["weight_decay"]:
        return GRADIENT
    decay = Var("weight_decay") * OLD
    return GRADIENT - decay if options["maximise"] else GRADIENT + decay


def _moved(old: Node, step: Node, options: Options) -> Node:
    """The parameter after a step: against the gradient, or along it under ascent."""
    return old + step if options["maximise"] else old - step


def _mean(slot: str, rate: str, of: Node) -> Node:
    """The moving average rate·slot_old + (1 − rate)·of."""
    return Var(rate) * Var(f"{slot}_old") + (1 - Var(rate)) * of


def _root(square: Node, options: Options) -> Node:
    """√square with ε where the options have it."""
    return sqrt(square + Var("epsilon")) if options["epsilon_place"] == "inside" else sqrt(square) + Var("epsilon")


def _way(options: Options) -> str:
    if options["maximise"]:
        return "One step of size η along the gradient: uphill."
    return "One step of size η against the gradient: downhill."


def _sgd(options: Options) -> tuple[Rule, ...]:
    gradient = _gradient(options)
    if not options["momentum"]:
        return (Rule("", _moved(OLD, LR * gradient, options), _way(options)),)
    momentum, before, velocity = Var("momentum"), Var("v_old"), Var("v")
    if options["momentum_form"] == "velocity":
        ahead = _moved(OLD + momentum * velocity, LR * gradient, options) if options["nesterov"] else OLD + velocity
        return (
            Rule(
                "v",
                _moved(momentum * before, LR * gradient, options),
                "The velocity: slowed by the momentum, pushed on.",
            ),
            Rule("", ahead, "The parameter moves by its velocity."),
        )
    pushed: Node = momentum * before + gradient
    if options["dampening"]:
        # PyTorch's first velocity is the gradient itself, whatever the dampening
        pushed = Where(T, ">", Num(1.0), momentum * before + (1 - Var("dampening")) * gradient, gradient)
    direction = gradient + momentum * velocity if options["nesterov"] else velocity
    return (
        Rule("v", pushed, "The accumulated gradient: the old ones fade by the momentum, the new one is added."),
        Rule("", _moved(OLD, LR * direction, options), "One step of size η by the accumulated gradient."),
    )


def _adagrad(options: Options) -> tuple[Rule, ...]:
    gradient = _gradient(options)
    rate: Node = LR / (1 + (T - 1) * Var("learning_rate_decay")) if options["learning_rate_decay"] else LR
    start = float(options["initial_accumulator"])
    return (
        Rule("s", Var("s_old") + gradient**2, "The sum of all squared gradients so far: it only grows.", start),
        Rule(
            "",
            _moved(OLD, rate * gradient / _root(Var("s"), options), options),
            "Each parameter's own step shrinks with its sum.",
        ),
    )


def _adadelta(options: Options) -> tuple[Rule, ...]:
    gradient = _gradient(options)
    epsilon = Var("epsilon")
    return (
        Rule("s", _mean("s", "rho", gradient**2), "Moving average of the squared gradient."),
        Rule(
            "move",
            sqrt(Var("u_old") + epsilon) / sqrt(Var("s") + epsilon) * gradient,
            "The step, in the parameter's own units: past steps over past gradients.",
        ),
        Rule("u", _mean("u", "rho", Var("move") ** 2), "Moving average of the squared step."),
        Rule("", _moved(OLD, LR * Var("move"), options), "The parameter moves by the step."),
    )


def _rmsprop(options: Options) -> tuple[Rule, ...]:
    gradient = _gradient(options)
    rules = [
        Rule(
            "s",
            _mean("s", "rho", gradient**2),
            "Moving average of the squared gradient.",
            float(options["initial_accumulator"]),
        )
    ]
    square: Node = Var("s")
    if options["centered"]:
        rules.append(Rule("c", _mean("c", "rho", gradient), "Moving average of the gradient."))
        square = Var("s") - Var("c") ** 2
    scaled = gradient / _root(square, options)
    if not options["momentum"]:
        return (*rules, Rule("", _moved(OLD, LR * scaled, options), "The gradient over its own recent size."))
    return (
        *rules,
        Rule("v", Var("momentum") * Var("v_old") + scaled, "The scaled gradients, accumulated."),
        Rule("", _moved(OLD, LR * Var("v"), options), "One step of size η by them."),
    )


M_WHY = "First moment: moving average of the gradient, started at 0."
V_WHY = "Second moment: moving average of the squared gradient, started at 0."
MHAT_WHY = "The average started at 0, so its weights sum to 1 − β₁ᵗ only: divided by that, they sum to 1."
VHAT_WHY = "Likewise the second moment, by 1 − β₂ᵗ."
ADAM_WHY = "The average gradient over its own size: a step of about η whatever the scale."


def _moments(gradient: Node) -> tuple[Rule, Rule]:
    return (
        Rule("m", _mean("m", "beta1", gradient), M_WHY),
        Rule("v", _mean("v", "beta2", gradient**2), V_WHY),
    )


def _corrected() -> tuple[Rule, Rule]:
    return (
        Rule("mhat", Var("m") / (1 - power(Var("beta1"), T)), MHAT_WHY),
        Rule("vhat", Var("v") / (1 - power(Var("beta2"), T)), VHAT_WHY),
    )


def _adam(options: Options) -> tuple[Rule, ...]:
    return _adam_from(_gradient(options), OLD, options)


def _adamw(options: Options) -> tuple[Rule, ...]:
    decayed = OLD - LR * Var("weight_decay") * OLD if options["weight_decay"] else OLD
    return _adam_from(GRADIENT, decayed, options)


def _adam_from(gradient: Node, start: Node, options: Options) -> tuple[Rule, ...]:
    if options["epsilon_place"] == "hat":
        correction = sqrt(1 - power(Var("beta2"), T)) / (1 - power(Var("beta1"), T))
        step = LR * correction * Var("m") / (sqrt(Var("v")) + Var("epsilon"))
        return (*_moments(gradient), Rule("", _moved(start, step, options), ADAM_WHY))
    step = LR * Var("mhat") / _root(Var("vhat"), options)
    return (*_moments(gradient), *_corrected(), Rule("", _moved(start, step, options), ADAM_WHY))


def _amsgrad(options: Options) -> tuple[Rule, ...]:
    largest = Rule("vmax", maximum(Var("vmax_old"), Var("v")), "The largest second moment so far: it never shrinks.")
    mhat, _ = _corrected()
    vhat = Rule("vhat", Var("vmax") / (1 - power(Var("beta2"), T)), VHAT_WHY)
    step = LR * Var("mhat") / _root(Var("vhat"), options)
    return (*_moments(_gradient(options)), largest, mhat, vhat, Rule("", _moved(OLD, step, options), ADAM_WHY))


def _adamax(options: Options) -> tuple[Rule, ...]:
    gradient = _gradient(options)
    size: Node = absolute(gradient) + Var("epsilon") if options["epsilon_place"] == "inside" else absolute(gradient)
    under: Node = Var("u") + Var("epsilon") if options["epsilon_place"] == "outside" else Var("u")
    return (
        Rule("m", _mean("m", "beta1", gradient), M_WHY),
        Rule("u", maximum(Var("beta2") * Var("u_old"), size), "The largest recent gradient, fading by β₂."),
        Rule("mhat", Var("m") / (1 - power(Var("beta1"), T)), MHAT_WHY),
        Rule("", _moved(OLD, LR * Var("mhat") / under, options), "The average gradient over the largest recent one."),
    )


def _nadam(options: Options) -> tuple[Rule, ...]:
    def schedule(t: Node) -> Node:
        return Var("beta1") * (1 - Num(0.5, "½") * power(0.96, t * Var("momentum_decay")))

    moments = _moments(_gradient(options))
    ahead = schedule(T + 1) * Var("m") / (1 - Var("p") * schedule(T + 1))
    now = (1 - schedule(T)) * _gradient(options) / (1 - Var("p"))
    vhat = Rule("vhat", Var("v") / (1 - power(Var("beta2"), T)), VHAT_WHY)
    return (
        *moments,
        Rule("p", Var("p_old") * schedule(T), "Product of the momentum schedule so far.", 1.0),
        vhat,
        Rule(
            "",
            _moved(OLD, LR * (ahead + now) / _root(Var("vhat"), options), options),
            "Adam, looking ahead like Nesterov.",
        ),
    )


EPSILON_PLACES = {"epsilon_place": ("outside", "inside")}
ADAM_PLACES = {"epsilon_place": ("outside", "inside", "hat")}
ADAM_OPTIONS: Options = {
    "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "epsilon_place": "outside", "weight_decay": 0.0,
}  # fmt: skip

_ENTRIES = (
    Optimizer(
        "sgd", _sgd,
        "w ← w − η·∂L/∂w; with momentum Polyak 1964, Nesterov 1983, as in PyTorch (accumulator) or Keras (velocity)",
        {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "momentum_form": "accumulator", "weight_decay": 0.0},
        {"momentum_form": ("accumulator", "velocity")},
        ("gradient_descent",),
    ),
    Optimizer(
        "adagrad", _adagrad, "Duchi, Hazan & Singer 2011. Keras: initial_accumulator 0.1, ε inside",
        {"epsilon": 1e-10, "epsilon_place": "outside", "initial_accumulator": 0.0, "learning_rate_decay": 0.0,
         "weight_decay": 0.0},
        EPSILON_PLACES,
    ),
    Optimizer("adadelta", _adadelta, "Zeiler 2012", {"rho": 0.9, "epsilon": 1e-6, "weight_decay": 0.0}),
    Optimizer(
        "rmsprop", _rmsprop,
        "Tieleman & Hinton 2012. PyTorch calls ρ alpha and puts ε outside the root; TensorFlow 1 put it inside and"
        " started the average at 1",
        {"rho": 0.99, "epsilon": 1e-8, "epsilon_place": "outside", "momentum": 0.0, "centered": False,
         "initial_accumulator": 0.0, "weight_decay": 0.0},
        EPSILON_PLACES,
    ),
    Optimizer(
        "adam", _adam, "Kingma & Ba 2015. ε outside the root (their algorithm 1), inside it, or their ε̂ form (hat)",
        ADAM_OPTIONS, ADAM_PLACES,
    ),
    Optimizer(
        "adamw", _adamw, "Loshchilov & Hutter 2019: the decay is taken from the weight, not added to the gradient",
        {**ADAM_OPTIONS, "weight_decay": 0.01}, ADAM_PLACES,
    ),
    Optimizer(
        "amsgrad", _amsgrad, "Reddi, Kale & Kumar 2018, as in PyTorch: the maximum is taken before the correction",
        ADAM_OPTIONS, EPSILON_PLACES,
    ),
    Optimizer(
        "adamax", _adamax, "Kingma & Ba 2015, section 7. PyTorch adds ε to |g| (inside), Keras to u (outside)",
        {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "epsilon_place": "inside", "weight_decay": 0.0},
        EPSILON_PLACES,
    ),
    Optimizer(
        "nadam", _nadam, "Dozat 2016, with the momentum schedule of PyTorch and Keras",
        {**ADAM_OPTIONS, "momentum_decay": 0.004}, EPSILON_PLACES,
    ),
)  # fmt: skip

OPTIMIZERS: dict[str, Optimizer] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}
