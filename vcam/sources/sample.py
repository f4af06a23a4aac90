"""The bundled clip: a person before a webcam, so that everything can be tried without a camera."""

import time
from pathlib import Path

from vcam.sources.file import FileSource
from vcam.sources.pace import Clock, Sleep
from vcam.sources.still import Box, StillSource

SAMPLE_PATH = Path(__file__).resolve().parent.parent / "samples" / "talk.mp4"  # origin: ATTRIBUTION.md there
PERSON: Box = (192, 64, 448, 480)  # of the clip: she never leaves it


def sample_source(
    loop: bool = True,
    realtime: bool = True,
    *,
    clock: Clock = time.monotonic_ns,
    sleep: Sleep = time.sleep,
) -> FileSource:
    """The bundled clip (640x480, 30 fps, 3.6 s) as an un-opened source; it loops unless told otherwise."""
    return FileSource(SAMPLE_PATH, loop, realtime, clock=clock, sleep=sleep)


def still_sample_source(
    realtime: bool = True, *, clock: Clock = time.monotonic_ns, sleep: Sleep = time.sleep
) -> StillSource:
    """The bundled clip with a background that stands still exactly; it always loops."""
    return StillSource(sample_source(realtime=realtime, clock=clock, sleep=sleep), PERSON)
