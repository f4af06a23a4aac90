"""What happens to cameras: the output goes on, `status` says why, and nobody has to restart anything."""

import time

from guest import camera, webcam
from guest.host import run, until
from guest.readers import Reader, watching
from guest.report import Report, note


def check(report: Report, version: str) -> None:
    with watching("v4l2-ctl", camera.the_node()) as reader:
        with report.check("before: a reader sees the webcam"):
            webcam.show(webcam.BARS_75)
            reader.until_shows(webcam.BARS_75, camera.BRIGHTER)
        _unplug(report, reader)
        _replace_model(report, reader)
    with report.check("a model that changes nothing fails the picture's check"):
        camera.use_model("unchanged")
        webcam.show(webcam.BARS_75)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.BARS_75, camera.UNCHANGED)
            _must_fail(lambda: reader.until_shows(webcam.BARS_75, camera.BRIGHTER, limit_s=3))
    with report.check("a picture of before fails the picture's check"):
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.BARS_75, camera.UNCHANGED)
            _must_fail(lambda: reader.until_shows(webcam.RED, camera.UNCHANGED, limit_s=3))
    camera.use_model("brighter")


def _unplug(report: Report, reader: Reader) -> None:
    with report.check("unplugged: the state says so, and frames go on"):
        webcam.unplug()
        camera.until_state("waiting for camera")
        note(camera.state())
        for _ in range(5):
            reader.next()
    with report.check("replugged: a fresh picture, without a restart"):
        webcam.replug()
        webcam.show(webcam.RED)
        note(f"{reader.until_shows(webcam.RED, camera.BRIGHTER):.1f} s")
        camera.until_state("running")
    with report.check("unplugged and replugged ten times"):
        for number in range(10):
            webcam.unplug()
            time.sleep(0.3 * (number % 3))
            webcam.replug()
        webcam.show(webcam.BLUE)
        reader.until_shows(webcam.BLUE, camera.BRIGHTER)


def _replace_model(report: Report, reader: Reader) -> None:
    with report.check("a model put in its place is taken while the reader watches"):
        camera.use_model("darker")
        reader.until_shows(webcam.BLUE, camera.DARKER)
    with report.check("a corrupt model leaves the old one running, and the state says so"):
        for file in camera.WEIGHTS.glob("*.onnx"):
            file.write_bytes(b"no model")
        until("a word about the model", lambda: "model" in run("sharpkd", "status").stdout.lower(), 60)
        note(run("sharpkd", "status").stdout.replace("\n", " | ")[:600])
        webcam.show(webcam.RED)
        reader.until_shows(webcam.RED, camera.DARKER)
    with report.check("a good model after it is taken"):
        camera.use_model("brighter")
        reader.until_shows(webcam.RED, camera.BRIGHTER)


def _must_fail(check: object) -> None:
    """A negative control: a check that cannot fail proves nothing."""
    try:
        check()  # type: ignore[operator]
    except AssertionError as error:
        note(f"fails, as it must: {str(error)[:150]}")
        return
    raise AssertionError("the check passed a picture that it must refuse")
