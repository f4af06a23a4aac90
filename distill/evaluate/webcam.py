"""Frames a second of a network between a webcam and a display, as published systems count them.

The webcam is the bundled clip at the webcam's size, frame by frame as JPEG, as a USB camera sends it. At its
pace each frame is decoded, restored at its own size and converted for a display, which is a null sink. Frames
that come while one is restored are dropped.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

from distill.data.media import read_clip
from distill.evaluate.contenders import Contender
from distill.evaluate.results import Speed
from distill.evaluate.speed import PROCESSOR_TIME
from vcam.conversion.opencv import from_bgr, to_bgr
from vcam.errors import SourceError
from vcam.frame import Frame, Size, crop_to_aspect, resize

SAMPLE = Path(__file__).parents[2] / "vcam" / "samples" / "talk.mp4"
JPEG_QUALITY = 90
PREFIX = "webcam "  # of the size in a result: "webcam 1280x720"

Jpeg = npt.NDArray[np.uint8]  # (N,): a file's bytes


@dataclass(frozen=True)
class Webcam:
    """A webcam of `size` (width, height) that sends `fps` frames a second for `seconds`."""

    size: Size
    fps: float = 60.0
    seconds: float = 10.0
    is_processor_time: bool = False  # count by the processor's time a frame: for a machine with other work


def record(clip: Path, size: Size, frames: int = 30) -> list[Jpeg]:
    """The first frames of a clip at `size` as JPEG files. Raises SourceError if it is not a clip."""
    found = read_clip(clip, frames)
    if not found:
        raise SourceError(f"cannot read a clip from {clip}; choose another file")
    return [_encode(resize(crop_to_aspect(frame, size), size)) for frame in found]


def _encode(frame: Frame) -> Jpeg:
    done, content = cv2.imencode(".jpg", to_bgr(frame), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done
    return np.asarray(content, np.uint8)


def show(contender: Contender, content: Jpeg, index: int) -> npt.NDArray[np.uint8]:
    """One frame from the webcam's bytes to the display's (H, W, 3) BGR, restored at its own size."""
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    assert picture is not None
    seen = from_bgr(np.asarray(picture, np.uint8), index, 0)
    (restored,) = contender.restore([seen], seen.size, [0])
    return to_bgr(restored)


def play(contender: Contender, webcam: Webcam, frames: Sequence[Jpeg], clock: Callable[[], float]) -> Speed:
    """Play the webcam through a contender; `clock` gives seconds.

    Returns displayed frames a second, at most the webcam's; `ms` is the median time from bytes to display.
    """
    show(contender, frames[0], 0)  # warm up
    took_s: list[float] = []
    begin_s, displayed = time.monotonic(), 0
    for index in _arrivals(webcam, begin_s):
        start_s = clock()
        show(contender, frames[index % len(frames)], index)
        took_s.append(clock() - start_s)
        displayed += 1
    ms = median(took_s) * 1e3
    fps = displayed / (time.monotonic() - begin_s)
    if webcam.is_processor_time:
        fps = min(webcam.fps, 1e3 / ms)
    size = f"{PREFIX}{webcam.size[0]}x{webcam.size[1]}"
    return Speed(contender.name, size, 0, ms, fps, None, displayed)


def measure_webcam(
    contenders: Sequence[Contender], webcam: Webcam, threads: int, clip: Path = SAMPLE
) -> Iterator[Speed]:
    """Each contender on the same frames, one after the other."""
    frames = record(clip, webcam.size)
    clock = time.process_time if webcam.is_processor_time else time.perf_counter
    note = PROCESSOR_TIME if webcam.is_processor_time else ""
    for contender in contenders:
        yield replace(play(contender, webcam, frames, clock), threads=threads, note=note)


def _arrivals(webcam: Webcam, begin_s: float) -> Iterator[int]:
    """Numbers of frames as they arrive: waits for the next one, skips those that came meanwhile."""
    index = 0
    while (due_s := index / webcam.fps) < webcam.seconds:
        if (left_s := due_s - (time.monotonic() - begin_s)) > 0:
            time.sleep(left_s)
        yield index
        index = max(index + 1, int((time.monotonic() - begin_s) * webcam.fps))
