"""The stage behind restoration: what the user wants done to the picture that is published."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from vcam.adjust.bands import Bands
from vcam.adjust.gain import Gain
from vcam.adjust.light import Light
from vcam.adjust.overlay import Figures, describe, wipe, write
from vcam.adjust.view import STRAIGHT, Glide, View, arrange
from vcam.frame import Frame, crop_to_aspect, resize
from vcam.pipeline import Result


@dataclass(frozen=True)
class Wishes:
    """What is wanted; by default nothing.

    view     which part is shown, and which way round
    light    0..1: how much of what the picture asks for is done to lift its shadows
    overlay  of overlay.PARTS
    wipe_at  0..1 of the width: where before ends and after begins
    """

    view: View = STRAIGHT
    light: float = 0.0
    overlay: frozenset[str] = field(default_factory=frozenset)
    wipe_at: float = 0.5


class Adjust:
    """Shows a result as it is wanted; with no wishes the very same one comes back.

    figures  what the overlay may show; its gain is measured here

    It takes both pictures, not the restored one alone, since the wipe compares them: whatever is done to the
    shape of one must be done to that of the other. `wishes` may be replaced at any time, by any thread.
    `gain_db` is the gain while a link is simulated, `mains_hz` the light that drifts through the source.
    """

    def __init__(
        self, wishes: Wishes | None = None, figures: Callable[[], Figures] = lambda: Figures(0.0)
    ) -> None:
        self.wishes = wishes or Wishes()
        self._figures = figures
        self._glide = Glide()
        self._light = Light()
        self._gain = Gain()
        self._bands = Bands()

    @property
    def gain_db(self) -> float | None:
        return self._gain.db

    @property
    def mains_hz(self) -> int | None:
        return self._bands.mains_hz

    def __call__(self, result: Result) -> Result:
        wishes = self.wishes  # once: they may be replaced meanwhile
        self._bands(result.truth or result.before)
        self._gain(result)
        self._light.strength = wishes.light
        view = self._glide(wishes.view, result.after.captured_ns)
        after = arrange(self._light(result.after), view)
        if view != STRAIGHT:
            result = replace(result, place=partial(arrange, view=view))
        if wishes.overlay:
            after = self._draw(replace(result, after=after), wishes)
        return result if after is result.after else replace(result, after=after)

    def _draw(self, result: Result, wishes: Wishes) -> Frame:
        frame = result.after
        if "wipe" in wishes.overlay:
            before = resize(crop_to_aspect(result.before, frame.size), frame.size)
            frame = wipe(result.place(before), frame, wishes.wipe_at)
        figures = replace(self._figures(), gain_db=self._gain.db)
        return write(frame, describe(figures, wishes.overlay))
