"""Opens the source while somebody watches and the user has not paused it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from vcam.frame import Frame
from vcam.pipeline import Pipeline


@dataclass(frozen=True)
class ClosedReason:
    """Why the source is closed, for `status` and on the card."""

    state: str
    title: str
    detail: str


PAUSED = ClosedReason("paused", "Paused", "The camera is off. Resume with: sharpkd resume")
IDLE = ClosedReason("idle: nobody watches", "Waiting for somebody to watch", "The camera is off until then")


class SourceGate:
    """Opens and closes a pipeline's source by the user's pause, by presence and by `always_on`.

    draw       makes a card from a title and a detail; slow
    show       called with the card to show
    show_open  called before the source is opened, to show that it is being opened

    The three are independent; a pause overrides the others. Any thread may set any of them. No call waits for
    a device, or for a card to be drawn: those of a closed source are drawn at the start, others by callers.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        draw: Callable[[str, str], Frame],
        show: Callable[[Frame], None],
        show_open: Callable[[], None],
        *,
        is_always_on: bool,
    ) -> None:
        self._pipeline = pipeline
        self._draw = draw
        self._show = show
        self._cards = self._draw_cards()
        self._show_open = show_open
        self._lock = threading.Lock()
        self._is_paused = False
        self._is_present = True
        self._is_always_on = is_always_on
        self._closed: ClosedReason | None = None

    @property
    def closed(self) -> ClosedReason | None:
        """Why the source is closed; None while it is open or being opened."""
        return self._closed

    @property
    def is_paused(self) -> bool:
        """Whether the user has paused it, watched or not."""
        return self._is_paused

    def redraw(self) -> None:
        """Draw the cards of a closed source again: what `draw` makes of them has changed."""
        cards = self._draw_cards()
        with self._lock:
            self._cards = cards
            if self._closed is not None:
                self._show(cards[self._closed])

    def set_paused(self, is_paused: bool) -> None:
        with self._lock:
            self._is_paused = is_paused
            self._update()

    def set_present(self, is_present: bool) -> None:
        with self._lock:
            self._is_present = is_present
            self._update()

    def set_always_on(self, is_always_on: bool) -> None:
        with self._lock:
            self._is_always_on = is_always_on
            self._update()

    def show_if_open(self, card: Frame) -> None:
        """Show a card about the source, unless the source is closed on purpose."""
        with self._lock:
            if self._closed is None:
                self._show(card)

    def _draw_cards(self) -> dict[ClosedReason, Frame]:
        return {reason: self._draw(reason.title, reason.detail) for reason in (PAUSED, IDLE)}

    def _update(self) -> None:
        closed = None if self._is_present or self._is_always_on else IDLE
        closed = PAUSED if self._is_paused else closed
        if closed == self._closed:
            return
        was_open, self._closed = self._closed is None, closed
        if closed is None:
            self._show_open()
            self._pipeline.resume()
        else:
            if was_open:
                self._pipeline.pause()
            self._show(self._cards[closed])
