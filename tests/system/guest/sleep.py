"""The machine goes to sleep while somebody watches.

The rehearsal stops processes and puts devices to sleep, but the clocks run on: by those that a real
sleep stops (vcam.daemon.suspend) nothing has happened, so that the camera has to come back by its
deadlines alone.
"""

from pathlib import Path

from guest import camera, webcam
from guest.readers import watching
from guest.report import Report, SkipError, note

ASLEEP_S = 8  # more than what the camera takes for a pause of its own
# the kernel's rehearsal of a suspend: processes stand still and devices sleep, then all wake by themselves. A
# real one would need an alarm, which an emulated clock does not ring
POWER = Path("/sys/power")
DELAY = Path("/sys/module/suspend/parameters/pm_test_delay")


def check(report: Report, version: str) -> None:
    with report.check("after a sleep of the machine the picture is back by itself"):
        webcam.show(webcam.BARS_75)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.BARS_75, camera.BRIGHTER)
            _sleep()
            webcam.show(webcam.RED)
            note(str(reader.until_shows(webcam.RED, camera.BRIGHTER)))


def _sleep() -> None:
    """Stand still for a while, devices asleep. Raises SkipError where the kernel cannot rehearse it."""
    if not DELAY.exists() or not (POWER / "pm_test").exists():
        raise SkipError("this kernel cannot rehearse a suspend")
    DELAY.write_text(f"{ASLEEP_S}\n")
    (POWER / "pm_test").write_text("devices\n")
    (POWER / "state").write_text("freeze\n")
    (POWER / "pm_test").write_text("none\n")
