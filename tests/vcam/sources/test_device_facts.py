from dataclasses import replace
from pathlib import Path

import pytest

from vcam.commands.devices import describe_control
from vcam.sources import device_facts as facts
from vcam.sources.devices import CaptureDevice
from vcam.v4l2.controls import Control
from vcam.v4l2.modes import Mode

C920 = CaptureDevice(Path("/dev/video0"), "C920", Path("/dev/v4l/by-id/usb-C920"), is_loopback=False)
GAIN = Control(1, "gain", "number", 0, 255, 1, 64, 77)
MAINS = Control(
    2, "power_line_frequency", "menu", 0, 2, 1, 2, 1, menu={0: "Disabled", 1: "50 Hz", 2: "60 Hz"}
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The nodes whose controls were asked for."""
    paths: list[Path] = []

    def ask(path: Path) -> list[Control]:
        paths.append(path)
        return [GAIN, MAINS]

    def list_modes(path: Path) -> list[Mode]:
        return [Mode("MJPG", (1280, 720), (30.0, 15.0)), Mode("YUYV", (640, 480), ())]

    monkeypatch.setattr(facts, "controls_of", ask)
    monkeypatch.setattr(facts, "modes_of", list_modes)
    return paths


def test_a_webcam_is_told_with_its_controls(asked: list[Path]) -> None:
    told = facts.device_facts(C920)
    assert (told["name"], told["source"]) == ("C920", "/dev/v4l/by-id/usb-C920")
    gain, mains = told["controls"]  # type: ignore[misc]
    assert (gain["name"], gain["least"], gain["most"], gain["value"]) == ("gain", 0, 255, 77)
    assert mains["menu"] == {0: "Disabled", 1: "50 Hz", 2: "60 Hz"}


def test_a_camera_is_told_with_what_it_offers_and_the_open_one_with_what_comes(asked: list[Path]) -> None:
    told = facts.device_facts(C920)
    assert told["modes"] == [
        {"pixel_format": "MJPG", "size": (1280, 720), "rates": (30.0, 15.0)},
        {"pixel_format": "YUYV", "size": (640, 480), "rates": ()},
    ]
    assert (told["is_open"], told["measured_fps"]) == (False, None)
    told = facts.device_facts(C920, {C920.path: 14.96})
    assert (told["is_open"], told["measured_fps"]) == (True, 15.0)
    assert facts.device_facts(C920, {C920.path: None})["is_open"]
    assert facts.device_facts(replace(C920, fault="its driver does not answer"))["modes"] == []


def test_a_camera_that_has_gone_offers_nothing() -> None:
    assert facts.modes_of(Path("/nonexistent/video0")) == []


@pytest.mark.parametrize("change", [{"is_loopback": True}, {"fault": "its driver does not answer"}])
def test_a_loopback_and_what_has_a_fault_are_not_asked(asked: list[Path], change: dict[str, object]) -> None:
    assert facts.device_facts(replace(C920, **change))["controls"] == []
    assert asked == []


@pytest.mark.parametrize(
    ("control", "line"),
    [
        (GAIN, "gain  0..255  (default 64, now 77)"),
        (replace(GAIN, step=5), "gain  0..255 in steps of 5  (default 64, now 77)"),
        (replace(GAIN, is_active=False), "gain  0..255  (default 64, now 77, held by an automatic)"),
        (replace(GAIN, is_read_only=True), "gain  0..255  (default 64, now 77, can only be read)"),
        (replace(GAIN, value=None), "gain  0..255  (default 64, now unknown)"),
        (
            MAINS,
            'power_line_frequency  "Disabled", "50 Hz", "60 Hz"  (default 60 Hz, now 50 Hz)',
        ),
        (Control(3, "hdr", "switch", 0, 1, 1, 0, 1), "hdr  true or false  (default off, now on)"),
    ],
)
def test_a_control_is_one_line(control: Control, line: str) -> None:
    assert describe_control(control) == line
