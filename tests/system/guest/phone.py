"""Another program's virtual camera as the source, fed by FFmpeg as a phone's program feeds its own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from guest import camera, webcam
from guest.host import holders, run, succeed, until
from guest.pixels import PATTERNS, Colour
from guest.readers import watching
from guest.report import Report, note

from vcam.frame import Size
from vcam.sources import list_devices, usable_devices
from vcam.v4l2.device import Linux
from vcam.v4l2loopback.writer import open_writable

NODE, LABEL = Path("/dev/video9"), "Phone"
MISSING = ("no program feeds it", "check the program that feeds it")
# FFmpeg's names of what such programs write, of another size or pattern each: a node keeps old bytes
FORMATS: dict[str, tuple[Size, int]] = {
    "yuv420p": ((640, 480), webcam.BARS_100),
    "nv12": ((320, 240), webcam.BARS_75),  # as a phone's thin stream
    "uyvy422": ((640, 480), webcam.BARS_100),
    "yuyv422": ((320, 240), webcam.RED),
}


def check(report: Report, version: str) -> None:
    camera.stop()
    camera.unload_module()
    labels = f"{LABEL},{camera.CARD}"
    options = ("devices=2", "video_nr=9,42", f'card_label="{labels}"', "exclusive_caps=1,1", "max_buffers=4")
    succeed("modprobe", "v4l2loopback", *options)
    until("both nodes", lambda: NODE.exists() and camera.node())
    camera.start()
    with report.check("a virtual camera that nobody feeds is listed with what is missing"):
        listed = succeed("sharpkd", "devices")
        assert f"{NODE}  {LABEL}" in listed, listed
        assert "no program feeds it" in listed, listed
        _is_refused(LABEL, "no program feeds it")
    with report.check("our own virtual camera is refused as a source"):
        done = run("sharpkd", "set", "source", camera.CARD)
        assert done.returncode != 0, done.stdout
        assert "publishes to" in done.stderr, done.stderr
    for pixels, (size, pattern) in FORMATS.items():
        with report.check(f"a phone that sends {pixels} at {size[0]}x{size[1]}: its colours arrive within 2"):
            _show(pixels, size, pattern)
    _let_go(report)
    with report.check("without a webcam, auto takes the phone"):
        webcam.unplug()
        camera.take_source("auto")
        with feeding("yuv420p", (640, 480), webcam.RED), watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.RED, camera.BRIGHTER)
        webcam.replug()
    camera.stop()
    until("the module to be free", lambda: run("modprobe", "-r", "v4l2loopback").returncode == 0, 60, 1)
    camera.load_module()
    camera.start()


def _show(pixels: str, size: Size, pattern: int) -> None:
    with feeding(pixels, size, pattern) as feeder:
        shown = succeed("v4l2-ctl", "-d", str(NODE), "--get-fmt-video")
        assert f"{size[0]}/{size[1]}" in shown, shown
        note(" ".join(shown.split()))
        camera.take_source(LABEL)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            note(str(reader.until_shows(pattern, camera.BRIGHTER)))
        camera.until_state("idle")
        # while anybody has it open, v4l2loopback lets no writer choose another format
        until("the phone to be closed", lambda: holders(NODE) == [feeder.pid], 30)


def _let_go(report: Report) -> None:
    """The phone's program ends in a call, and comes back."""
    with watching("v4l2-ctl", camera.the_node()) as reader:
        with (
            report.check("before: a reader sees the phone"),
            feeding("yuv420p", (640, 480), webcam.BARS_75),
        ):
            reader.until_shows(webcam.BARS_75, camera.BRIGHTER)
        with report.check("the phone's program ends: the state says so, and frames go on"):
            camera.until_state("waiting for camera")
            # 0.12.7 promises pictures even when a writer without STREAMON has ended: none come
            until("what is missing", lambda: any(reason in camera.state() for reason in MISSING), 30)
            note(camera.state())
            for _ in range(5):
                reader.next()
        with feeding("yuv420p", (640, 480), webcam.BLUE) as feeder:
            with report.check("it is started again: a fresh picture, without a restart"):
                reader.until_shows(webcam.BLUE, camera.BRIGHTER)
            reader.close()
            with report.check("nobody watches: the phone's node is left to its program"):
                camera.until_state("idle", 30)
                until("the phone to be closed", lambda: holders(NODE) == [feeder.pid], 30)


@contextmanager
def feeding(pixels: str, size: Size, pattern: int) -> Iterator[subprocess.Popen[bytes]]:
    """FFmpeg writes a pattern to the phone's node, as scrcpy does: by write(), without STREAMON."""
    picture = Path("/tmp/picture.yuv")
    picture.write_bytes(_bars(PATTERNS[pattern], size))
    Linux().close(open_writable(Linux(), str(NODE), time.sleep))  # 0.12.7 takes no writer after such a one
    source = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size[0]}x{size[1]}", "-r", str(camera.FPS))
    command = ("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", *source)
    process = subprocess.Popen([*command, "-i", str(picture), "-f", "v4l2", "-pix_fmt", pixels, str(NODE)])
    try:
        until("the phone's pictures", lambda: LABEL in _fed(), 30)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _fed() -> str:
    """The phone's line among the devices, once a program feeds it."""
    return " ".join(item.name for item in usable_devices(list_devices()) if item.is_loopback)


def _bars(colours: tuple[Colour, ...], size: Size) -> bytes:
    """A packed I420 picture of eight bars side by side."""
    width, height = size
    planes = (np.array([colour[plane] for colour in colours], np.uint8) for plane in range(3))
    y, u, v = planes
    rows = (np.repeat(y, width // 8), np.repeat(u, width // 16), np.repeat(v, width // 16))
    counts = (height, height // 2, height // 2)
    return b"".join(np.tile(row, count).tobytes() for row, count in zip(rows, counts, strict=True))


def _is_refused(name: str, reason: str) -> None:
    """Somebody watches, so the source is opened; the state says why it is not."""
    camera.take_source(name)
    with watching("v4l2-ctl", camera.the_node()) as reader:
        until(f"the reason {reason!r}", lambda: reason in camera.state(), 30)
        note(camera.state())
        reader.next()
