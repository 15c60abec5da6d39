"""The curves panel: loss, gradients and activations over the walk; weights, decision and function at the cursor."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from engine.predict import elementwise
from tui.draw.cells import Canvas, Drawing, Look
from tui.draw.curves_decision import draw_decision, why_no_decision
from tui.draw.curves_function import draw_function
from tui.draw.curves_lines import draw_activations, draw_gradients, draw_loss
from tui.draw.curves_scene import Scene
from tui.draw.curves_weights import draw_weights
from tui.draw.wrap import wrap
from tui.series import Series
from tui.session import Session
from tui.settings import Settings


class View(Struct, frozen=True):
    """One thing the panel can show."""

    title: str
    draw: Callable[[Scene], None]
    why_not: Callable[[Session], str] = lambda session: ""
    """Why a scenario has no such view; empty where it has."""


def _why_no_gradients(session: Session) -> str:
    owned = any(name == "rms_dW" for name, _ in session.trace.network.catalogue)
    return "" if owned else "no layer has weights of its own"


def _why_no_function(session: Session) -> str:
    network = session.trace.network
    if any(elementwise(network, layer) for layer in range(1, network.depth + 1)):
        return ""
    return "every activation is a function of its whole layer: there is no curve of one z"


VIEWS: dict[str, View] = {
    "loss": View("Loss", draw_loss),
    "gradients": View("Gradients", draw_gradients, _why_no_gradients),
    "activations": View("Activations", draw_activations),
    "weights": View("Weights", draw_weights),
    "decision": View("Decision", draw_decision, why_no_decision),
    "function": View("Function", draw_function, _why_no_function),
}
"""In the order they are gone through."""


def available(session: Session, view: str) -> str:
    """Why a view cannot be shown of this scenario; empty where it can.

    Raises:
        KeyError: no such view.
    """
    return VIEWS[view].why_not(session)


def draw_curves(
    session: Session,
    series: Series,
    cursor: int,
    settings: Settings,
    width: int,
    height: int,
    view: str,
    *,
    heats: bool = True,
) -> Drawing:
    """One view in `width` × `height` cells, at least 1 × 1; `heats`: whether the palette has shades for a map.

    With `settings.hidden` nothing is shown, and no axis is laid out by, what lies beyond the cursor.

    Raises:
        KeyError: no such view.
    """
    canvas = Canvas(max(1, width), max(1, height))
    why = available(session, view)
    if why:
        lines = wrap(why, canvas.width)
        for y, line in enumerate(lines[: canvas.height]):
            canvas.put(0, y, line, Look("hint"))
        return Drawing(canvas.rows())
    scene = Scene(session, series, cursor, settings, canvas, heats)
    VIEWS[view].draw(scene)
    return Drawing(canvas.rows(), tuple(scene.hits))
