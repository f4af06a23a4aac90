"""The bundled clip: a person before a webcam, so that everything can be tried without a camera."""

import time
from pathlib import Path

from vcam.sources.file import FileSource
from vcam.sources.pace import Clock, Sleep

SAMPLE_PATH = Path(__file__).resolve().parent.parent / "samples" / "talk.mp4"  # origin: ATTRIBUTION.md there


def sample_source(
    loop: bool = True,
    realtime: bool = True,
    *,
    clock: Clock = time.monotonic_ns,
    sleep: Sleep = time.sleep,
) -> FileSource:
    """The bundled clip (640x480, 30 fps, 3.6 s) as an un-opened source; it loops unless told otherwise."""
    return FileSource(SAMPLE_PATH, loop, realtime, clock=clock, sleep=sleep)
