"""The machine sleeps while somebody watches."""

import time

from guest import camera, webcam
from guest.host import run
from guest.readers import watching
from guest.report import Report, SkipError, note

ASLEEP_S = 8  # more than what the camera takes for a pause of its own


def check(report: Report, version: str) -> None:
    with report.check("after a sleep of the machine the picture is back by itself"):
        webcam.show(webcam.BARS_75)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.BARS_75, camera.BRIGHTER)
            _sleep()
            webcam.show(webcam.RED)
            note(str(reader.until_shows(webcam.RED, camera.BRIGHTER)))
        assert "slept for" in camera.LOG.read_text()


def _sleep() -> None:
    """Suspend to idle until the clock's alarm. Raises SkipError where the machine will not."""
    before_s = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    done = run("rtcwake", "--mode", "freeze", "--seconds", str(ASLEEP_S), limit_s=120)
    slept_s = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic() - before_s
    note(f"slept {slept_s:.1f} s: {done.stdout.strip()} {done.stderr.strip()}")
    if done.returncode != 0 or slept_s < 1:
        raise SkipError(f"this machine does not sleep: {done.stderr.strip()}")
