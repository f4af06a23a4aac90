"""One load of the module serves many starts: after a stop, a crash and a kill, and with a reader attached."""

import os
import signal

from guest import camera, webcam
from guest.host import succeed, until
from guest.pixels import SIZE
from guest.readers import Reader, watching
from guest.report import Report, note

from vcam.errors import SinkError
from vcam.v4l2loopback.writer import LoopbackWriter


def check(report: Report, version: str) -> None:
    with report.check("a start after kill -9 with a reader attached"):
        webcam.show(webcam.BARS_75)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.BARS_75, camera.BRIGHTER)
            _kill()
            camera.start()
            webcam.show(webcam.RED)
            goes_on = _goes_on(reader)
            note(f"the reader that was attached {'goes on' if goes_on else 'sees no more'}")
        _see_again(webcam.RED)
    with report.check("a start after kill -9 with nobody there"):
        camera.until_state("idle")
        _kill()
        camera.start()
        webcam.show(webcam.BLUE)
        _see_again(webcam.BLUE)
    with (
        report.check("a second writer is refused, and disturbs nothing"),
        watching("v4l2-ctl", camera.the_node()) as reader,
    ):
        reader.until_shows(webcam.BLUE, camera.BRIGHTER)
        note(_refusal())
        webcam.show(webcam.RED)
        reader.until_shows(webcam.RED, camera.BRIGHTER)
    with report.check("released, it lets the module be loaded again, and takes the new camera"):
        succeed("sharpkd", "pause", "--release")
        camera.unload_module()
        camera.load_module()
        succeed("sharpkd", "resume")
        webcam.show(webcam.BARS_75)
        _see_again(webcam.BARS_75)
    with report.check("started without the module, it takes the camera when that is loaded again"):
        camera.stop()
        camera.unload_module()
        camera.start()
        note(f"{camera.status().get('sink')}")
        camera.load_module()
        until("the virtual camera", lambda: camera.CARD in str(camera.status().get("sink")), 60)
        webcam.show(webcam.RED)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.RED, camera.BRIGHTER)


def _refusal() -> str:
    """What our own writer says if another one is there. Raises AssertionError if it is let in."""
    width, height = SIZE
    refusal = ""
    try:
        LoopbackWriter(camera.the_node(), (width, height), 10)
    except SinkError as error:
        refusal = str(error)
    assert "busy" in refusal, refusal or "two programs write to one camera"
    return refusal


def _kill() -> None:
    pid = camera.status()["pid"]
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    until("the daemon to die", lambda: not os.path.exists(f"/proc/{pid}"), 20)


def _goes_on(reader: Reader) -> bool:
    """Whether a reader of before sees the new writer's frames: the driver's affair, no promise of ours."""
    try:
        reader.until_shows(webcam.RED, camera.BRIGHTER, limit_s=10)
    except AssertionError:
        return False
    return True


def _see_again(pattern: int) -> None:
    with watching("v4l2-ctl", camera.the_node()) as reader:
        reader.until_shows(pattern, camera.BRIGHTER)
