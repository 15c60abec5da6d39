"""Go to: an address, a step number or a percentage, with what it leads to shown while it is typed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.session import Session, TargetError
from tui.settings import Settings


class GoToScreen(ModalScreen[int | None]):
    """Returns the step chosen, or None."""

    BINDINGS = [Binding("escape", "cancel", "Close")]  # noqa: RUF012 - Textual's own form

    def __init__(self, session: Session, cursor: int, settings: Settings) -> None:
        super().__init__()
        self._session = session
        self._cursor = cursor
        self._settings = settings

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Go to", markup=False, classes="heading")
            yield Input(placeholder="dW[1][2,1]  or  a[2][1]@3  or  17  or  50%", id="target")
            yield Static(self._hint(), id="preview", markup=False)

    @on(Input.Changed)
    def _preview(self, event: Input.Changed) -> None:
        text = event.value.strip()
        preview = self.query_one("#preview", Static)
        if not text:
            preview.update(self._hint())
            return
        try:
            step = self._session.target(text, self._cursor)
        except TargetError as error:
            preview.update(str(error))
            return
        place = self._session.trace.plan.place(step)
        preview.update(f"step {step + 1:,}, iteration {place.k + 1:,}, {place.quantity.phase}: {place.address}")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            self.dismiss(None)
            return
        try:
            self.dismiss(self._session.target(event.value, self._cursor))
        except TargetError as error:
            self.query_one("#preview", Static).update(str(error))

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _hint(self) -> str:
        names = sorted({name for name, _ in self._session.trace.network.catalogue})
        return f"step 1 to {len(self._session.trace):,}; names: {' '.join(names)}"
