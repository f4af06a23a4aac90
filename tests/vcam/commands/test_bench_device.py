"""`bench --device`, with a device that a test holds; a true one needs the kernel's module."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_device import FakeDevice

from vcam import cli
from vcam.camera.parts import Chain
from vcam.commands.bench_device import check_free, publish, show
from vcam.config import Config
from vcam.errors import AlreadyRunningError, NotRunningError, SinkError
from vcam.meter import Percentiles
from vcam.paths import Paths
from vcam.roundtrip import Arrival, Look, Trip, observe
from vcam.sources.loopback import LoopbackSource

SIZE = (160, 120)
NODE = Path("/dev/video42")
CONFIG = Config(source="pattern", sink=str(NODE), size=SIZE, fps=60)
PASS_THROUGH = Chain(None, None)
TRIP = Trip(Percentiles(41.2, 47.3, 50.0), 29.97, 300, 299, 1, 2, 3, 0, 1)


def reading(device: FakeDevice, seconds: float = 0.3) -> Callable[[Look], list[Arrival]]:
    """Reads the fake device in this process."""

    def read(look: Look) -> list[Arrival]:
        with LoopbackSource(NODE, open_capture=device.open) as source:
            return observe(source, seconds)

    return read


def test_what_is_published_is_read_back() -> None:
    device = FakeDevice(SIZE)
    trip = publish(CONFIG, PASS_THROUGH, device, reading(device))
    assert trip.sent == trip.read > 2
    assert (trip.lost, trip.unreadable, trip.deviation) == (0, 0, 0)
    assert 0 < trip.latency_ms.p50 < 10_000


def test_a_frame_that_the_device_swallows_is_lost() -> None:
    device = FakeDevice(SIZE, loses=lambda index: index % 4 == 3)
    trip = publish(CONFIG, PASS_THROUGH, device, reading(device))
    assert trip.sent is not None
    assert trip.lost == trip.sent - trip.read > 0


def test_colours_that_the_device_changes_by_3_are_told() -> None:
    device = FakeDevice(SIZE, alter=lambda packed: packed + 3)
    assert publish(CONFIG, PASS_THROUGH, device, reading(device)).deviation == 3


def test_a_device_that_fails_meanwhile_ends_it() -> None:
    device = FakeDevice(SIZE)

    def read(look: Look) -> list[Arrival]:
        device.is_broken = True
        for _ in range(1000):
            look()
            threading.Event().wait(0.01)
        return []

    with pytest.raises(SinkError, match="the device is gone"):
        publish(CONFIG, PASS_THROUGH, device, read)


class FakeDaemon:
    """Answers for its sink, or does not answer."""

    def __init__(self, sink: str | None) -> None:
        self._sink = sink

    def status(self) -> dict[str, Any]:
        if self._sink is None:
            raise NotRunningError("not running")
        return {"sink": self._sink}


@pytest.mark.parametrize("sink", ["SharpKD Camera (/dev/video42)", None])
def test_a_daemon_that_holds_the_node_or_does_not_answer_is_to_be_stopped(sink: str | None) -> None:
    with pytest.raises(AlreadyRunningError, match=r"pid 7\. Run: sharpkd stop.*--read-only"):
        check_free(NODE, 7, FakeDaemon(sink))


@pytest.mark.parametrize("sink", ["preview", "SharpKD Camera (/dev/video4)"])
def test_a_daemon_of_another_sink_does_no_harm(sink: str) -> None:
    check_free(NODE, 7, FakeDaemon(sink))
    check_free(NODE, None, FakeDaemon(None))


def test_the_table_says_what_was_seen_and_the_last_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    show({"device": "/dev/video42"}, TRIP, is_json=False)
    *table, last = capsys.readouterr().out.splitlines()
    assert table == [
        "device     /dev/video42, 30.0 fps",
        "latency    p50 41.2 ms, p95 47.3 ms, from capture to arrival",
        "frames     299 read, of 300 sent, 1 lost, 3 repeated, 2 dropped before the device",
        "colours    off by 1 code values at most, inside the bars",
    ]
    found = json.loads(last)
    assert found["device"] == "/dev/video42"
    assert found["latency_ms"] == {"p50": 41.2, "p95": 47.3}
    assert (found["sent"], found["lost"], found["repeated"], found["deviation"]) == (300, 1, 3, 1)


def test_json_alone_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show({"device": "/dev/video42"}, replace(TRIP, sent=None, dropped=None), is_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["sent"] is None


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--device", "/dev/video-none"], 5, "there is no video device /dev/video-none"),
        (["--device", "/dev/video-none", "--read-only"], 5, "sudo modprobe v4l2loopback"),
        (["--read-only"], 2, "--read-only is for --device"),
        (["--fps", "5"], 2, "--fps is for --device"),
        (["--device", "--seconds", "0"], 2, "--seconds: 0 is not above 0"),
    ],
)
def test_what_cannot_be_measured_is_said(
    paths: Paths, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", *words]) == code
    assert message in capsys.readouterr().err
