"""Go to: an address, a step number, a percentage or an iteration, with what is there shown while it is typed."""

from __future__ import annotations

from tui.screens.prompt import PromptScreen
from tui.session import Session
from tui.settings import Settings

NEAR = 1_000
"""Updates up to which a preview computes the number that is there: a tenth of a second."""


class GoToScreen(PromptScreen):
    """Returns text that names a step."""

    def __init__(self, session: Session, cursor: int, settings: Settings) -> None:
        names = sorted({name for name, _ in session.trace.network.catalogue})

        def meaning(text: str) -> str:
            step = session.target(text, cursor)
            place = session.trace.plan.place(step)
            said = f"step {step + 1:,}, iteration {place.k + 1:,}, {place.quantity.phase}: {place.address}"
            if settings.hidden or session.trace.distance(place.k) > NEAR:
                return said
            value = session.printer(settings).number(session.trace[step].value)
            return f"{said} = {value}"

        super().__init__(
            "Go to",
            f"step 1 to {len(session.trace):,}; names: {' '.join(names)}",
            "dW[1][2,1]  or  a[2][1]@3  or  17  or  50%",
            meaning,
        )
