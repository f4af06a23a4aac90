"""When the source is open: while it is not paused, and somebody watches."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from vcam.frame import Frame
from vcam.pipeline import Pipeline


@dataclass(frozen=True)
class Rest:
    """Why the source is closed, for `status` and on the card."""

    state: str
    title: str
    detail: str


PAUSED = Rest("paused", "Paused", "The camera is off. Resume with: sharpkd resume")
IDLE = Rest("idle: nobody watches", "Waiting for somebody to watch", "The camera is off until then")


class Shutter:
    """Opens and closes a pipeline's source as the user's pause, presence and `always_on` have it.

    draw       makes a card of a title and a detail; takes its time
    show       called with the card to show
    show_open  called before the source is opened: shows that it is

    The three are independent; a pause wins. Any thread may set any of them, and none waits for a device, nor
    for a card to be drawn: those of a rest are drawn at the beginning, others by who hands them over.
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
        self._show = show
        self._cards = {rest: draw(rest.title, rest.detail) for rest in (PAUSED, IDLE)}
        self._show_open = show_open
        self._lock = threading.Lock()
        self._is_paused = False
        self._is_present = True
        self._is_always_on = is_always_on
        self._rest: Rest | None = None

    @property
    def rest(self) -> Rest | None:
        """Why the source is closed; None while it is, or is being, opened."""
        return self._rest

    def set_paused(self, is_paused: bool) -> None:
        with self._lock:
            self._is_paused = is_paused
            self._settle()

    def set_present(self, is_present: bool) -> None:
        with self._lock:
            self._is_present = is_present
            self._settle()

    def set_always_on(self, is_always_on: bool) -> None:
        with self._lock:
            self._is_always_on = is_always_on
            self._settle()

    def show_if_open(self, card: Frame) -> None:
        """Show a card about the source, unless it is closed by intention."""
        with self._lock:
            if self._rest is None:
                self._show(card)

    def _settle(self) -> None:
        rest = None if self._is_present or self._is_always_on else IDLE
        rest = PAUSED if self._is_paused else rest
        if rest == self._rest:
            return
        was_open, self._rest = self._rest is None, rest
        if rest is None:
            self._show_open()
            self._pipeline.resume()
        else:
            if was_open:
                self._pipeline.pause()
            self._show(self._cards[rest])
