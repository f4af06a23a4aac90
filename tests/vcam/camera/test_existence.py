"""A setting may name only what is there, or what may be plugged in later."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from vcam.camera.existence import Surroundings, check_existence, find_surroundings
from vcam.camera.last_device import LastDevice
from vcam.config import Config
from vcam.errors import ConfigError, LinkError, ModelError, SinkError, SourceError, VcamError
from vcam.sources import CaptureDevice
from vcam.sources.devices import NEEDS_RELAY, OURS, UNFED
from vcam.v4l2.nodes import VideoRoots

CAMERAS = (
    CaptureDevice(Path("/dev/video0"), "HD Pro Webcam C920", None, is_loopback=False),
    CaptureDevice(Path("/dev/video7"), "DroidCam", None, is_loopback=True, fault=UNFED),
    CaptureDevice(Path("/dev/video8"), "Raw IPU6", None, is_loopback=False, fault=NEEDS_RELAY),
    CaptureDevice(Path("/dev/video42"), "SharpKD Camera", None, is_loopback=True, fault=OURS),
)
AWAITED = "is not there now; it is taken as soon as it is plugged in"


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    def cameras(own: Path | None = None) -> Sequence[CaptureDevice]:
        return CAMERAS

    roots = VideoRoots(tmp_path / "sys", tmp_path / "dev")
    return Surroundings(cameras, lambda: ["Logi StreamCam"], "Brio 4K", roots)


Check = Callable[..., tuple[str, ...]]


@pytest.fixture
def check(around: Surroundings) -> Check:
    return lambda **settings: check_existence(Config(**settings), settings, around)


@pytest.mark.parametrize(
    "source",
    [
        *("auto", "sample", "sample-still", "pattern", "0", "/dev/video0", "C920", "pro webcam"),
        "rtsp://cam/live",
        str(Path(__file__)),
        f"file://{__file__}",
    ],
)
def test_a_source_that_is_there_is_taken_without_a_word(check: Check, source: str) -> None:
    assert check(source=source) == ()


@pytest.mark.parametrize("source", ["/dev/video9", "9", "/dev/v4l/by-id/usb-Logi", "streamcam", "Brio 4K"])
def test_a_camera_that_is_unplugged_is_awaited(check: Check, source: str) -> None:
    assert check(source=source) == (f"source: {source} {AWAITED}",)


def test_a_camera_whose_controls_are_set_is_known(check: Check) -> None:
    assert check(source="Obsbot", camera={"Obsbot Tiny": {"gain": 4}})[0].endswith(AWAITED)


def test_a_virtual_camera_that_nobody_feeds_is_awaited(check: Check) -> None:
    assert check(source="DroidCam") == (f"source: DroidCam (/dev/video7): {UNFED}",)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        (
            "nosuch",
            "no camera, file or address is called 'nosuch'; cameras found: HD Pro Webcam C920, DroidCam",
        ),
        ("DroidCan", r"called 'DroidCan' \(did you mean 'DroidCam'\?\)"),
        ("/dev/nosuch", "no camera, file or address is called '/dev/nosuch'"),
        ("/nowhere/talk.mp4", "the source /nowhere/talk.mp4 cannot be read: No such file or directory; name"),
        ("talk.mp4", "the source talk.mp4 cannot be read"),
        ("/nowhere/talk.sdp", "the source /nowhere/talk.sdp cannot be read"),
        ("/tmp/", "a directory, expected a file"),
        ("gopher://cam/live", "no source gopher://; expected one of"),
        ("/dev/video42", OURS),
        ("/dev/video8", NEEDS_RELAY),
    ],
)
def test_a_source_that_is_not_there_is_refused(check: Check, source: str, answer: str) -> None:
    with pytest.raises(SourceError, match=answer):
        check(source=source)


@pytest.mark.parametrize(
    ("settings", "kind", "answer"),
    [
        ({"sink": "nosuch"}, SinkError, "no sink 'nosuch'"),
        ({"sink": "virtul"}, SinkError, r"no sink 'virtul' \(did you mean 'virtual'\?\)"),
        ({"link": "361p"}, LinkError, r"no link profile '361p' \(did you mean '360p'\?\)"),
        ({"link": "360p,codce=vp8"}, LinkError, r"no setting 'codce' \(did you mean 'codec'\?\)"),
        ({"sink": "/dev/nosuch"}, SinkError, "no sink '/dev/nosuch'; expected /dev/videoN"),
        ({"sink": "/nowhere/a.mp4"}, SinkError, "no folder /nowhere for the recording"),
        ({"link": "17p"}, LinkError, "no link profile '17p'"),
        ({"model": "fats"}, ModelError, r"no model 'fats' in .*did you mean 'fast'\?"),
        ({"weights": "/nowhere"}, ModelError, "weights = '/nowhere' has no manifest.json"),
        ({"card_picture": "/nowhere/me.png"}, ConfigError, "card_picture: "),
    ],
)
def test_what_is_not_there_is_refused(
    check: Check, settings: dict[str, str], kind: type[VcamError], answer: str
) -> None:
    with pytest.raises(kind, match=answer):
        check(**settings)


def test_what_is_there_is_taken(check: Check, tmp_path: Path) -> None:
    file = str(tmp_path / "a.mp4")
    assert check(sink=file, link="270p,loss=0.02", model="fast") == ()
    assert check(sink="virtual", link="off", model="auto", weights="") == ()


def test_a_node_for_the_output_is_awaited_unless_it_is_a_webcam(check: Check, around: Surroundings) -> None:
    assert check(sink="/dev/video42") == ("sink: /dev/video42 is not there now; see: sharpkd doctor",)
    node = around.roots.sys / "devices/usb1/video4linux/video3"
    node.mkdir(parents=True)
    around.roots.listed.mkdir(parents=True)
    os.symlink(node, around.roots.listed / "video3")
    with pytest.raises(SinkError, match="not v4l2loopback"):
        check(sink="/dev/video3")


def test_only_what_changes_is_looked_for(around: Surroundings) -> None:
    assert check_existence(Config(source="nosuch", model="nosuch"), ("strength",), around) == ()


def test_the_camera_that_was_used_last_is_known(tmp_path: Path) -> None:
    last = LastDevice(tmp_path / "last-camera")
    assert list(find_surroundings(last, None).known()) == []
    last.note(CAMERAS[0])
    assert list(find_surroundings(last, Config(source="x")).known()) == ["HD Pro Webcam C920"]
