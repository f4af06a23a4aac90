"""The webcam is open while somebody watches, and only then."""

import time

from guest import camera, webcam
from guest.host import until
from guest.readers import watching
from guest.report import Report, note

FLAPS = 50


def check(report: Report, version: str) -> None:
    with report.check("with nobody there the webcam stays closed"):
        camera.start()
        camera.until_state("idle")
        assert not camera.has_webcam_open()
    with report.check("a reader opens the webcam"):
        webcam.show(webcam.BARS_75)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            until("the webcam to be opened", camera.has_webcam_open, 30, 0.05)
            note(f"opened {time.monotonic() - reader.started_s:.2f} s after the reader's start")
            note(f"its picture: {reader.until_shows(webcam.BARS_75, camera.BRIGHTER)}")
        left_s = time.monotonic()
    with report.check("the webcam is closed 5 s after the reader has left, not before"):
        until("the webcam to be closed", lambda: not camera.has_webcam_open(), 30, 0.05)
        seconds = time.monotonic() - left_s
        note(f"closed after {seconds:.1f} s")
        assert seconds > 4.0
    with report.check(f"{FLAPS} readers who come and go leave it as the last one did"):
        _flap()
        camera.until_state("idle", 30)
        until("the webcam to be closed", lambda: not camera.has_webcam_open(), 30)
    with report.check("after them a reader sees the webcam's picture"):
        webcam.show(webcam.BARS_100)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.BARS_100, camera.BRIGHTER)
        camera.until_state("idle", 30)


def _flap() -> None:
    """Readers who take one frame each, some at once after the last, some after a moment."""
    for number in range(FLAPS):
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.next()
        time.sleep((0, 0.1, 0.3, 1.0)[number % 4])
