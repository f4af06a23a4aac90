"""Bands and flicker of mains light, found in how the brightness of the rows changes over time.

Lamps brighten twice in a period of the mains, 100 or 120 times a second. A camera whose exposure is not a
multiple of that sees another brightness in each row, and since its frames come at a rate of its own, the
bands drift. From frame to frame they turn by the light's frequency times the frame's period, of which only
the part behind the point is seen: at 30 frames a second a third of a turn of 100 Hz, and none of 120 Hz.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vcam.frame import BLACK_Y, Frame

Rows: TypeAlias = npt.NDArray[Any]  # (N, BINS) float32, brightness above black

MAINS_HZ = (50, 60)
BINS = 48  # groups of rows
COLUMNS = 16  # every so many are looked at
WINDOW = 128  # samples that are looked at together
SLOW = 16  # frames in one sample of the slow look, which sees bands that take seconds to pass
FINEST = 10  # bands in a picture, at most
NEAR, AROUND = 2, 12  # steps of frequency: what counts as a line, and what is around it
LEAST = 0.004, 0.008  # amplitude as a share of the brightness, quick and slow; half of it is not seen
SHARPNESS = 4.0, 6.0  # times what is around it: motion has no lines
ONE_WAY = 3.0  # times what drifts the other way: a person who sways goes both ways
QUICK = 0.1  # turns from frame to frame; what people do is slower, and bands that are need the slow look
SLOWEST_HZ, QUICKEST_SLOW_HZ = 0.04, 0.6  # of the slow look; below, bands stand still
TIMES = 2  # looks in a row that must agree


def row_means(frame: Frame) -> npt.NDArray[Any]:
    """The mean brightness of each group of rows, (BINS,) float32, above black."""
    count = frame.height // BINS * BINS
    kept = frame.y[:count, ::COLUMNS]
    means = kept.reshape(BINS, -1).mean(axis=1, dtype=np.float32)
    return np.asarray(means - BLACK_Y, np.float32)


def find_mains(rows: Rows, period_s: float) -> int | None:
    """The mains frequency, 50 or 60 Hz, whose light drifts or flickers through these frames; None if none.

    rows      WINDOW samples, period_s apart
    """
    spectrum = _spectrum(rows)
    found: dict[int, float] = {}
    for mains_hz in MAINS_HZ:
        step = round(abs(_drift(mains_hz, period_s)) * WINDOW)
        if step < QUICK * WINDOW:
            continue
        line = _find_line(spectrum, step, step, LEAST[0], SHARPNESS[0])
        if line is not None:
            found[mains_hz] = line
    return max(found, key=lambda mains_hz: found[mains_hz]) if found else None


def find_slow_mains(rows: Rows, period_s: float) -> int | None:
    """The same for bands that take seconds to pass, since the light's frequency is a multiple of the rate.

    rows      WINDOW samples, each the mean of SLOW frames, period_s apart
    """
    near = [hz for hz in MAINS_HZ if abs(_drift(hz, period_s / SLOW)) / (period_s / SLOW) < QUICKEST_SLOW_HZ]
    if len(near) != 1:
        return None
    first, last = (round(hz * period_s * WINDOW) for hz in (SLOWEST_HZ, QUICKEST_SLOW_HZ))
    is_there = _find_line(_spectrum(rows), first, last, LEAST[1], SHARPNESS[1], is_one_way=True) is not None
    return near[0] if is_there else None


def _drift(mains_hz: int, period_s: float) -> float:
    """Turns from frame to frame as they are seen, -0.5..0.5."""
    turns = 2 * mains_hz * period_s
    return turns - round(turns)


def _spectrum(rows: Rows) -> Rows:
    """Amplitudes as shares of the brightness, (WINDOW / 2, 2 FINEST + 1).

    The first axis is the drift in turns a window, the second the bands in a picture from -FINEST to FINEST.
    """
    mean = np.maximum(rows.mean(axis=0), 1.0)
    change = rows / mean - 1  # (WINDOW, BINS)
    times = np.linspace(-0.5, 0.5, len(rows), dtype=np.float32)[:, None]
    change = change - times * (times * change).sum(axis=0) / np.square(times).sum()
    weights = np.outer(np.hanning(len(rows)), np.hanning(BINS))
    turns = np.fft.fft2(change * weights) * 2 / weights.sum()
    return np.abs(np.roll(turns, FINEST, axis=1)[: WINDOW // 2, : 2 * FINEST + 1])


def _find_line(
    spectrum: Rows, first: int, last: int, least: float, sharpness: float, is_one_way: bool = False
) -> float | None:
    """The amplitude of a line near these steps of the first axis; None if there is none."""
    low, high = max(NEAR + 1, first - NEAR), min(len(spectrum), last + NEAR + 1)
    if low >= high:
        return None
    step, bands = np.unravel_index(spectrum[low:high].argmax(), spectrum[low:high].shape)
    step += low
    amplitude = float(spectrum[step, bands])
    around = np.r_[
        spectrum[max(NEAR, step - AROUND) : max(NEAR, step - NEAR)], spectrum[step + NEAR + 1 : step + AROUND]
    ]
    is_line = amplitude >= least and amplitude >= sharpness * float(np.percentile(around, 95))
    if is_one_way:
        back = spectrum[step, 2 * FINEST - bands]
        is_line &= abs(int(bands) - FINEST) >= NEAR and amplitude >= ONE_WAY * float(back)
    return amplitude if is_line else None


@dataclass
class _Look:
    """Samples of one kind, and what the last looks have found in them."""

    rows: deque[npt.NDArray[Any]]
    last: int | None = None
    agreed: int = 0
    mains_hz: int | None = None

    def note(self, found: int | None) -> None:
        self.agreed = self.agreed + 1 if found == self.last else 1
        self.last = found
        if self.agreed >= TIMES:
            self.mains_hz = found


def _look() -> _Look:
    return _Look(deque(maxlen=WINDOW))


class Bands:
    """Watches the frames of a source, as they come from it, for mains light: `mains_hz` is 50, 60 or None."""

    def __init__(self) -> None:
        self._quick, self._slow = _look(), _look()
        self._frames = self._first_ns = self._first_index = 0
        self._sum: Any = None  # of the frames of a sample of the slow look

    @property
    def mains_hz(self) -> int | None:
        return self._quick.mains_hz or self._slow.mains_hz

    def __call__(self, frame: Frame) -> None:
        if frame.height < BINS:
            return
        if frame.is_cut or frame.captured_ns <= self._first_ns:
            self._start()
        if self._frames == 0:
            self._first_ns, self._first_index = frame.captured_ns, frame.index
        self._frames += 1
        rows = row_means(frame)
        self._quick.rows.append(rows)
        self._sum = rows if self._sum is None else self._sum + rows
        if self._frames % SLOW == 0:
            self._slow.rows.append(self._sum / SLOW)
            self._sum = None
        self._take_looks(frame)

    def _start(self) -> None:
        self._quick, self._slow = _look(), _look()
        self._frames = self._first_ns = self._first_index = 0
        self._sum = None

    def _take_looks(self, frame: Frame) -> None:
        """Each time that half of the samples are new."""
        if self._frames % (WINDOW // 2):
            return
        # of the source's own frames: those that were dropped on the way turned the light as well
        frames = frame.index - self._first_index
        period_s = (frame.captured_ns - self._first_ns) / 1e9 / max(1, frames)
        if frames != self._frames - 1:
            self._start()  # samples that are not evenly spaced say nothing
            return
        if len(self._quick.rows) == WINDOW:
            self._quick.note(find_mains(np.stack(self._quick.rows), period_s))
        if len(self._slow.rows) == WINDOW and self._frames % (WINDOW // 2 * SLOW) == 0:
            self._slow.note(find_slow_mains(np.stack(self._slow.rows), period_s * SLOW))
