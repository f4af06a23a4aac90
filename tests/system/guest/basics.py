"""The camera is listed, and every kind of reader sees the webcam's picture, restored."""

from guest import camera, webcam
from guest.host import succeed
from guest.readers import PROGRAMS, watching
from guest.report import Report, note


def check(report: Report, version: str) -> None:
    with report.check("the camera starts"):
        camera.start()
        note(camera.state())
    with report.check("it is listed by name"):
        listed = succeed("v4l2-ctl", "--list-devices")
        assert f"{camera.CARD}" in listed, listed
        note(succeed("v4l2-ctl", "-d", str(camera.the_node()), "--list-formats-ext").replace("\n", " "))
    for name in PROGRAMS:
        pattern = webcam.BARS_75 if name != "ffmpeg" else webcam.BARS_100
        with report.check(f"{name} sees the restored picture, colours within 2"):
            webcam.show(pattern)
            with watching(name, camera.the_node()) as reader:
                note(str(reader.until_shows(pattern, camera.BRIGHTER)))
    with report.check("nobody watches: the webcam is closed"):
        camera.until_state("idle")
        assert not camera.has_webcam_open()
