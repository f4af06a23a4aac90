"""A webcam on a USB bus: the kernel's uvcvideo with a camera of USB Video Class, which speaks MJPG."""

import re
import time

from guest import camera, usb_webcam, webcam
from guest.diagnosis import diagnose
from guest.host import holders, succeed, until
from guest.readers import Reader, Sight, watching
from guest.report import Report, note
from guest.usb_webcam import NAME, UsbWebcam

TOLERANCE = 3  # code values: a JPEG of quality 95 rounds coefficients to 2, RGB on both ways rounds once more
STALL_S = 5.0
REMEDY = "exposure_dynamic_framerate=0"


def check(report: Report, version: str) -> None:
    with UsbWebcam() as cam:
        with report.check("a USB webcam is found by uvcvideo, with MJPG and YUYV"):
            usb_webcam.load()
            cam.plug(0)
            listed = succeed("v4l2-ctl", "-d", str(usb_webcam.the_node()), "--list-formats-ext")
            note(" ".join(listed.split()))
            assert all(word in listed for word in ("MJPG", "1280x720", "30.000 fps", "YUYV")), listed
            camera.start()
            camera.take_source(NAME)
        if usb_webcam.node() is None or camera.node() is None:
            return
        with watching("v4l2-ctl", camera.the_node()) as reader:
            _take_mjpg(report, cam, reader)
            _darken(report, cam, reader)
            _stall(report, cam, reader)
            _move(report, cam, reader)
        _sleep(report, cam)
        with report.check("the other webcam is taken again, by its name"):
            camera.take_source(webcam.NAME)


def _take_mjpg(report: Report, cam: UsbWebcam, reader: Reader) -> None:
    with report.check(f"by its name, its MJPG is taken and restored, colours within {TOLERANCE}"):
        until("its MJPG", _openings)
        note(str(_see(reader, webcam.BARS_75)))
        cam.say(f"pattern {webcam.BARS_100}")
        _see(reader, webcam.BARS_100)


def _darken(report: Report, cam: UsbWebcam, reader: Reader) -> None:
    with report.check("in the dark it halves its rate: the status names the control"):
        cam.say("dark on")
        until("half the rate", lambda: 0 < _slow_fps() < 0.6 * camera.FPS, pause_s=0.5)
        note(_warnings())
    with report.check("the command of the warning brings the rate back"):
        succeed("v4l2-ctl", "-d", str(usb_webcam.the_node()), "--set-ctrl", REMEDY)
        # an emulated processor may be too slow for all of it
        until("the rate", lambda: not _slow_fps() or _slow_fps() > 0.7 * camera.FPS, pause_s=0.5)
        note(_warnings())
        cam.say("dark off")


def _stall(report: Report, cam: UsbWebcam, reader: Reader) -> None:
    with report.check("a stream that stalls: the state says so, and frames go on"):
        began_s = time.monotonic()
        cam.say("stall on")
        camera.until_state("waiting for camera", 30)
        note(f"said after {time.monotonic() - began_s:.1f} s: {camera.state()}")
        assert time.monotonic() - began_s > 2.0
        for _ in range(5):
            reader.next()
    with report.check(f"after {STALL_S:g} s it streams again: a fresh picture, without a restart"):
        until("the end of the stall", lambda: time.monotonic() - began_s >= STALL_S)
        note(camera.state())
        assert "another program" not in camera.state()
        cam.say(f"pattern {webcam.RED}")
        cam.say("stall off")
        began_s = time.monotonic()
        _see(reader, webcam.RED)
        note(f"its picture came {time.monotonic() - began_s:.1f} s after it could")
        camera.until_state("running")


def _move(report: Report, cam: UsbWebcam, reader: Reader) -> None:
    """To another port, while a program that does not let go of the old node keeps its number taken."""
    with report.check("pulled while it is watched, in another port: found by its name at its new node"):
        old = usb_webcam.the_node()
        with old.open("rb", buffering=0):
            cam.pull()
            camera.until_state("waiting for camera", 30)
            cam.plug(1)
            cam.say(f"pattern {webcam.BLUE}")
            note(f"{old}, now {usb_webcam.the_node()}")
            assert usb_webcam.the_node() != old
            _see(reader, webcam.BLUE)
    with report.check("pulled and back at once: found by its link in by-id"):
        seen = _openings()
        camera.take_source(str(usb_webcam.link_by_id()))
        until("its next opening", lambda: _openings() > seen)
        cam.pull()
        cam.plug(0)
        usb_webcam.link_by_id()
        cam.say(f"pattern {webcam.RED}")
        note(str(usb_webcam.the_node()))
        _see(reader, webcam.RED)


def _sleep(report: Report, cam: UsbWebcam) -> None:
    with report.check("nobody watches: it is closed, and its bus suspends it"):
        until("the webcam to be closed", lambda: not holders(usb_webcam.the_node()), 30)
        assert (usb_webcam.power() / "control").read_text().strip() == "auto"
        _until_suspended()
    with report.check("doctor wakes it, measures it in the dark, and names the control"):
        cam.say("dark on")
        _, findings = diagnose()
        about = [finding for finding in findings if NAME in finding["message"]]
        note(str(about))
        assert any(REMEDY in finding["fix"] for finding in about), findings
        cam.say("dark off")
    with report.check("a watcher wakes it"):
        _until_suspended()
        cam.say(f"pattern {webcam.BARS_75}")
        with watching("v4l2-ctl", camera.the_node()) as reader:
            note(str(_see(reader, webcam.BARS_75)))
            assert _power_status() == "active"


def _until_suspended() -> None:
    until("its suspend", lambda: _power_status() == "suspended", 30)


def _power_status() -> str:
    return (usb_webcam.power() / "runtime_status").read_text().strip()


def _see(reader: Reader, pattern: int) -> Sight:
    return reader.until_shows(pattern, camera.BRIGHTER, tolerance=TOLERANCE)


def _openings() -> int:
    """How often the daemon has opened the webcam where it is now, and was given what it wants."""
    said = f"{NAME} ({usb_webcam.the_node()}): MJPG 640x480, {camera.FPS} fps"
    return camera.LOG.read_text().count(said)


def _slow_fps() -> float:
    """What the webcam delivers as the status has it, with the remedy; 0 if it finds nothing wrong."""
    found = re.search(rf"{NAME} delivers ([0-9.]+) fps .*{REMEDY}", _warnings())
    return float(found[1]) if found else 0.0


def _warnings() -> str:
    return str(camera.status().get("warnings"))
