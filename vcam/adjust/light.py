"""Light for dark faces and backlight: a tone curve that lifts shadows and leaves black and white alone."""

import math
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from vcam.frame import BLACK_Y, GREY_UV, Frame, Plane

WHITE_Y = 235
SPAN = WHITE_Y - BLACK_Y
BLUE_PER_U = 1.772 / 224 * SPAN  # codes of luma that one of U adds to blue; one of V adds less to red

MOST_LIFT = 1.5  # times more in the deepest shadow, at most: noise there becomes 2.5 times what it was
STEP = 1 / 64  # of the lift: the curve moves by half a code at most from one to the next
DARK_GOAL = 0.30  # of black to white: where the mean of the darkest third is brought to
BRIGHT_GOAL = 0.60  # the brighter quarter is not taken beyond, or if it is there already ...
BRIGHT_ROOM = 0.05  # ... by this much
CENTRE = (0.15, 0.10)  # left out at each side, above and below: a face is seldom there, a window often
EVERY_NS = 250_000_000  # between two looks
SAMPLE = 4  # every so many columns and rows are looked at
MOST_NOISE = 6.0  # codes, standard deviation: where the noise of dark parts would become more, less is lifted
CALM_SHARE = 0.7  # of the dark pixels: what moves is not noise
CALM_MEAN = 0.67  # mean difference of two frames there, in standard deviations of one frame's normal noise
FEWEST = 200  # dark pixels to say anything of their noise
NOISE_SHARE = 0.25  # of the newest measurement in what is believed of the noise
STEADY = 0.12  # a wish that differs by less from the last one is not followed: nothing pumps
FOLLOW_S = 2.0  # time constant


def curve(lift: float) -> Plane:
    """The table (256,) uint8 from a code of luma to the lifted one.

    lift  0..MOST_LIFT; 0 changes nothing

    With x from 0 at black to 1 at white it is x (1 + lift (1 - x)^2): its slope is 1 + lift at black, 1 at
    white and nowhere under 1 - lift / 3, so that it rises everywhere, ends where it began, and never clips.
    """
    codes = np.arange(256)
    x = np.clip((codes - BLACK_Y) / SPAN, 0, 1)
    return np.rint(codes + SPAN * x * lift * (1 - x) ** 2).astype(np.uint8)


def chroma_table(lift: float) -> Plane:
    """The table (256 * 256,) uint8 from (luma << 8 | chroma) to the lifted chroma.

    Chroma grows as its luma does, so that neither hue nor saturation changes; but not so far that blue or
    red would be clipped.
    """
    luma = np.arange(256)[:, None]
    x = np.clip((luma - BLACK_Y) / SPAN, 0, 1)
    gain = 1 + lift * (1 - x) ** 2  # (256, 1)
    offset = np.arange(256)[None] - GREY_UV  # (1, 256)
    lifted = x * gain * SPAN
    room = (SPAN - lifted) / np.maximum(np.abs(offset) * BLUE_PER_U, 1)  # (256, 256)
    grown = offset * np.where(offset > 0, np.clip(room, 1, gain), gain)
    return np.rint(np.clip(grown + GREY_UV, 0, 255)).astype(np.uint8).reshape(-1)


def middle_of(luma: Plane) -> Plane:
    """The pixels (h, w) that are looked at: some of the middle's."""
    height, width = luma.shape
    left, top = round(width * CENTRE[0]), round(height * CENTRE[1])
    return luma[top : height - top : SAMPLE, left : width - left : SAMPLE]


def wanted_lift(middle: Plane) -> float:
    """How far a picture's shadows are to be lifted, 0..MOST_LIFT, by the histogram of its middle."""
    shares = np.bincount(middle.ravel(), minlength=256).cumsum() / middle.size
    dark = _brightness(np.searchsorted(shares, np.arange(0.05, 0.35, 0.02)))
    bright = _brightness(np.searchsorted(shares, 0.75))
    goal = max(BRIGHT_GOAL, bright + BRIGHT_ROOM)
    return min(_lift_to(dark, DARK_GOAL), _lift_to(bright, goal), MOST_LIFT)


def dark_noise(before: Plane, after: Plane) -> float:
    """The standard deviation of noise in what is dark, in codes, by the middles of two frames in a row."""
    dark = before < (BLACK_Y + SPAN * DARK_GOAL)
    if np.count_nonzero(dark) < FEWEST:
        return 0.0
    change = np.subtract(after[dark], before[dark], dtype=np.float32)
    change = np.abs(change - np.median(change))  # of the light on all of it
    calm = round(change.size * CALM_SHARE)
    return float(np.partition(change, calm)[:calm].mean()) / CALM_MEAN


def _brightness(codes: npt.NDArray[np.intp] | np.intp) -> float:
    return float(np.clip((codes - BLACK_Y) / SPAN, 0.02, 0.98).mean())


def _lift_to(level: float, goal: float) -> float:
    """The lift that brings a level to a goal; both 0..1, from black to white."""
    return max(0.0, (goal / level - 1) / (1 - level) ** 2)


class Light:
    """A stage that lifts shadows by as much as the picture asks for and its noise allows, times `strength`.

    It begins with the second frame, when the noise is known, follows the picture within seconds from then on
    and holds still where little changes. At a cut it is there at once.
    """

    def __init__(self) -> None:
        self.strength = 0.0  # 0..1
        self._goal: float | None = None
        self._lift = 0.0
        self._noise: float | None = None
        self._middle: Plane | None = None  # of the frame before, right after a look
        self._looked_ns = self._last_ns = 0
        self._step = 0  # what the tables were made for, in STEPs
        self._luma, self._chroma = curve(0), chroma_table(0)

    def __call__(self, frame: Frame) -> Frame:
        """The frame with lifted shadows; the same Frame comes back if there is nothing to lift."""
        if self.strength == 0:
            self._goal, self._middle, self._lift = None, None, 0.0
            return frame
        self._look(frame)
        self._follow(frame)
        step = round(self._lift * self.strength / STEP)
        if step == 0:
            return frame
        if step != self._step:
            self._step, self._luma, self._chroma = step, curve(step * STEP), chroma_table(step * STEP)
        return lift(frame, self._luma, self._chroma)

    def _look(self, frame: Frame) -> None:
        """Now and then, set the goal by this frame; compare the next one with it, for the noise."""
        before, self._middle = self._middle, None
        if before is not None and not frame.is_cut:
            found = dark_noise(before, middle_of(frame.y))
            self._noise = found if self._noise is None else self._noise + NOISE_SHARE * (found - self._noise)
        is_due = frame.is_cut or not 0 <= frame.captured_ns - self._looked_ns < EVERY_NS
        if is_due or self._goal is None:
            self._looked_ns, self._middle = frame.captured_ns, middle_of(frame.y).copy()
            if before is not None or self._goal is not None:
                self._aim(self._middle)

    def _aim(self, middle: Plane) -> None:
        wanted = min(wanted_lift(middle), max(0.0, MOST_NOISE / max(self._noise or 0.0, 1.0) - 1))
        if self._goal is None:
            self._lift = self._goal = wanted
        elif abs(wanted - self._goal) > STEADY:
            self._goal = wanted

    def _follow(self, frame: Frame) -> None:
        passed_s = max(0, frame.captured_ns - self._last_ns) / 1e9
        self._last_ns = frame.captured_ns
        goal = self._goal or 0.0
        if frame.is_cut or abs(goal - self._lift) < STEP:
            self._lift = goal
        else:
            self._lift += (goal - self._lift) * (1 - math.exp(-passed_s / FOLLOW_S))


def lift(frame: Frame, luma: Plane, chroma: Plane) -> Frame:
    """Apply the tables of `curve` and `chroma_table`."""
    small = cv2.resize(frame.y, frame.u.shape[::-1], interpolation=cv2.INTER_AREA)
    rows = np.left_shift(small, 8, dtype=np.uint16)
    return replace(
        frame,
        y=cv2.LUT(frame.y, luma),
        u=chroma.take(rows | frame.u),
        v=chroma.take(rows | frame.v),
    )
