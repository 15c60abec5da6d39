"""`check`: is the file right, are its gradients the loss's, and does it give the numbers it expects?

What needs the engine is imported after the first line is out: the imports take longer than a small file's check.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from tui.terminal import Writer
from tui.verbs.wrong import WrongInputError, complain

if TYPE_CHECKING:
    from engine.trace import Trace

HELD, OFF, WRONG = 0, 1, 2

REACH = 200_000_000
"""Work put into running forward, to compare gradients once more after training: multiplications, a second or so."""
PER_ITERATION = 50_000
"""What an iteration costs beside its multiplications, in the same unit (measured: about 0.1 ms)."""


def run(options: Namespace) -> int:
    writer = Writer()
    answered = bool(options.answer or options.answers)
    if options.find_rounding and answered:
        raise WrongInputError("--find-rounding and answers cannot be asked for together")
    if options.find_rounding:
        from tui.verbs.rounding import find

        return max(find(file, writer) for file in options.files)
    if answered:
        from tui.verbs.answers import check_answers

        return check_answers(options, writer)
    return max(check(file, writer) for file in options.files)


def check(file: str, writer: Writer) -> int:
    """Check one file, a line per finding and a line in sum; the exit status it asks for."""
    writer.lines(f"checking {file}")
    writer.flush()
    from tui.verbs.load import open_trace

    try:
        trace = open_trace(file)
    except WrongInputError as error:
        complain(str(error), error.prefixed)
        writer.lines(f"{file}: not checked: it cannot be used as it is")
        return WRONG
    path = str(trace.scenario.path or file)
    for remark in remarks(trace):
        writer.lines(f"{path}: {remark}")
    wrong, sums = _expectations(trace, path, writer)
    for part in (_goals, _comparisons):
        more, words = part(trace, path, writer)
        wrong += more
        sums += words
    for k in _records(trace):
        more, words = _gradients(trace, k, path, writer)
        wrong += more
        sums += words
    writer.lines(f"{file}: {'ok' if not wrong else f'{wrong:,} wrong'}: {'; '.join(sums)}")
    writer.flush()
    return OFF if wrong else HELD


def remarks(trace: Trace) -> list[str]:
    """What is no fault and teaches nothing: every gradient below a constant is 0, and agrees with differences."""
    constants = {"softmax": "1", "log_softmax": "0"}
    return [
        f"network.layers[{number}]: a {layer.activation} of one unit is always {constants[layer.activation]}, "
        "so that nothing before it learns; one unit for two classes is a sigmoid"
        for number, layer in enumerate(trace.scenario.layers, 1)
        if layer.units == 1 and layer.activation in constants
    ]


def reach(trace: Trace) -> int:
    """The last record gradients are compared at: that of the last iteration, where it is not too far."""
    parameters = trace.network.layout.size
    within = REACH // (PER_ITERATION + parameters * trace.network.batches.largest)
    return max(0, min(trace.plan.iterations - 1, within))


def _records(trace: Trace) -> list[int]:
    return sorted({0, reach(trace)})


def _expectations(trace: Trace, path: str, writer: Writer) -> tuple[int, list[str]]:
    from engine.expect import Match, check_expectations

    verdicts = check_expectations(trace)
    count = {kind: sum(verdict.kind is kind for verdict in verdicts) for kind in Match}
    for verdict in verdicts:
        # how a book's number agrees is said of each: cut off, a class that rounds will ask
        if verdict.printed or verdict.by_hand or verdict.blank or not verdict.ok:
            writer.lines(f"{path}:{verdict.line}: {verdict.message}")
    if not verdicts:
        return 0, ["no values expected"]
    wrong = sum(not verdict.ok for verdict in verdicts)
    said = f"{len(verdicts) - wrong:,} of {len(verdicts):,} expected values hold"
    if cut := count[Match.TRUNCATED]:
        said += f", {cut:,} of them cut off rather than rounded"
    if spread := count[Match.PROPAGATED]:
        said += f", {spread:,} within propagated rounding"
    return wrong, [said]


def _goals(trace: Trace, path: str, writer: Writer) -> tuple[int, list[str]]:
    """Solve every goal, say its answer, and hold it against the one written."""
    if not trace.scenario.goals:
        return 0, []
    from engine.expect import match
    from engine.goal import solve
    from engine.goal_algebra import GoalError
    from engine.numbers import shortest

    wrong = 0
    for goal in trace.scenario.goals:
        try:
            answer = solve(trace, goal)
        except GoalError as error:
            writer.lines(f"{path}:{goal.line}: goal: {error}")
            wrong += 1
            continue
        agrees = not goal.written or match(goal.written, answer.value).holds
        wrong += not agrees
        how = "by algebra" if answer.by_algebra else f"by search, {answer.evaluations} walks"
        against = f"; expected {goal.written}" if goal.written and not agrees else ""
        writer.lines(
            f"{path}:{goal.line}: goal: {goal.target} = {shortest(goal.value)} where {goal.free} = "
            f"{shortest(answer.value)} ({how}); put in, it gives {shortest(answer.reached)}{against}"
        )
    count = len(trace.scenario.goals)
    return wrong, [f"{count - wrong} of {count} goal{'s' if count > 1 else ''} reached"]


def _comparisons(trace: Trace, path: str, writer: Writer) -> tuple[int, list[str]]:
    if not trace.scenario.comparisons:
        return 0, []
    from engine.comparisons import check_comparisons

    outcomes = check_comparisons(trace)
    for outcome in outcomes:
        if not outcome.ok:
            writer.lines(f"{path}:{outcome.comparison.line}: comparison: {outcome.message}")
    held = sum(outcome.ok for outcome in outcomes)
    return len(outcomes) - held, [f"{held} of {len(outcomes)} comparisons hold"]


def _gradients(trace: Trace, k: int, path: str, writer: Writer) -> tuple[int, list[str]]:
    from engine.gradcheck import check_gradients

    report = check_gradients(trace, k)
    for failure in report.failures:
        writer.lines(
            f"{path}: {failure.address}: by the backward pass {failure.analytic!r}, "
            f"by differences of the loss {failure.numeric!r}"
        )
    # a run may be meant to diverge; at its start everything has to be finite
    blamed = report.not_finite if k == 0 else ()
    for address in blamed:
        writer.lines(f"{path}: {address}: the gradient, or the loss beside it, is not finite")
    sums = [f"iteration {k + 1:,}: {report.summary()}"]
    if k and k < trace.plan.iterations - 1:
        sums.append(f"the {trace.plan.iterations - k - 1:,} iterations after it were not run")
    return len(report.failures) + len(blamed), sums
