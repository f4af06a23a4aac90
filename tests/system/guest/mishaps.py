"""What happens to cameras: the output goes on, `status` says why, and nobody has to restart anything."""

import time

from guest import camera, webcam
from guest.host import until
from guest.readers import Reader, watching
from guest.report import Report, note


def check(report: Report, version: str) -> None:
    with watching("v4l2-ctl", camera.the_node()) as reader:
        with report.check("before: a reader sees the webcam"):
            webcam.show(webcam.BARS_75)
            reader.until_shows(webcam.BARS_75, camera.BRIGHTER)
        _unplug(report, reader)
        _replace_model(report, reader)
    _occupy(report)
    with (
        report.check("negative controls: an unrestored picture and one of before fail the picture's check"),
        watching("v4l2-ctl", camera.the_node()) as reader,
    ):
        camera.use_model("unchanged")
        webcam.show(webcam.BARS_75)
        reader.until_shows(webcam.BARS_75, camera.UNCHANGED)
        _must_fail(reader, webcam.BARS_75, camera.BRIGHTER)
        _must_fail(reader, webcam.RED, camera.UNCHANGED)
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
        reader.until_shows(webcam.RED, camera.BRIGHTER)
        camera.until_state("running")
    with report.check("unplugged and replugged ten times"):
        for number in range(10):
            webcam.unplug()
            time.sleep(0.3 * (number % 3))
            webcam.replug()
        webcam.show(webcam.BLUE)
        reader.until_shows(webcam.BLUE, camera.BRIGHTER)


def _occupy(report: Report) -> None:
    """Another program streams from the webcam when somebody begins to watch."""
    with report.check("a busy webcam: the state says so, frames go on, and it is taken once it is free"):
        camera.until_state("idle")
        found = webcam.node()
        assert found is not None
        with watching("v4l2-ctl", found) as other:
            other.next()
            with watching("v4l2-ctl", camera.the_node()) as reader:
                camera.until_state("waiting for camera")
                note(camera.state())
                assert "another program" in camera.state()
                for _ in range(5):
                    reader.next()
                other.close()
                webcam.show(webcam.BARS_100)
                reader.until_shows(webcam.BARS_100, camera.BRIGHTER)


def _replace_model(report: Report, reader: Reader) -> None:
    with report.check("a model put in its place is taken while the reader watches"):
        camera.use_model("darker")
        reader.until_shows(webcam.BLUE, camera.DARKER)
    with report.check("a corrupt model leaves the old one running, and the state says so"):
        for file in camera.WEIGHTS.glob("*.onnx"):
            file.write_bytes(b"no model")
        until("a warning of it", lambda: "model" in " ".join(camera.status()["warnings"]), 60)
        note(str(camera.status()["warnings"]))
        webcam.show(webcam.RED)
        reader.until_shows(webcam.RED, camera.DARKER)
    with report.check("a good model after it is taken"):
        camera.use_model("brighter")
        reader.until_shows(webcam.RED, camera.BRIGHTER)


def _must_fail(reader: Reader, pattern: int, brighter: int) -> None:
    """A check that cannot fail proves nothing."""
    try:
        reader.until_shows(pattern, brighter, limit_s=3)
    except AssertionError as error:
        note(f"fails, as it must: {str(error)[:150]}")
        return
    raise AssertionError("the check passed a picture that it must refuse")
