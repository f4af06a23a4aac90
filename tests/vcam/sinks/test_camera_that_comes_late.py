"""A virtual camera whose module is loaded, unloaded and loaded again while the daemon lives."""

from functools import partial

import pytest
from fake_video import FakeCameras, FakeSystem
from manual_time import ManualTime

from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.errors import SinkError
from vcam.frame import black
from vcam.sinks import make_sink
from vcam.v4l2loopback.cameras import find_virtual_camera
from vcam.v4l2loopback.module import CARD

SIZE = (64, 48)


class Publisher:
    """What a daemon publishes with, a frame each tenth of a second."""

    def __init__(self, spec: str, system: FakeSystem, cameras: FakeCameras) -> None:
        self.time = ManualTime()
        self.kept = ReconnectingSink(
            partial(
                make_sink,
                spec,
                size=SIZE,
                fps=30,
                open_writer=cameras,
                roots=system.roots,
            ),
            lambda: find_virtual_camera(roots=system.roots) is not None,
            self.time.clock,
        ).open()

    def run(self, seconds: float) -> int:
        """Let time pass; returns how many frames got out, to a camera or the page."""
        return sum(self._send() for _ in range(round(seconds * 10)))

    def _send(self) -> bool:
        self.time.sleep(0.1)
        return self.kept.send(black(SIZE))


def test_auto_moves_from_the_page_to_the_camera_that_is_loaded_later(
    system: FakeSystem, cameras: FakeCameras
) -> None:
    publisher = Publisher("auto", system, cameras)
    publisher.run(5)
    assert publisher.kept.name == "preview"
    node = system.add_device(42, CARD)
    publisher.run(2.1)
    assert publisher.kept.name == f"{CARD} ({node})"
    assert cameras.made[0].sent


def test_auto_goes_back_to_the_page_and_to_the_camera_under_its_new_number(
    system: FakeSystem, cameras: FakeCameras
) -> None:
    system.add_device(42, CARD)
    publisher = Publisher("auto", system, cameras)
    publisher.run(1)
    system.remove_device(42)
    cameras.made[0].failure = "no such device"
    publisher.run(1)
    assert publisher.kept.name == "preview"
    assert "no such device" in publisher.kept.cause
    assert not cameras.made[0].is_open
    node = system.add_device(7, CARD)
    assert publisher.run(2.1) == 21
    assert (publisher.kept.name, publisher.kept.cause) == (f"{CARD} ({node})", "")


@pytest.mark.parametrize("spec", ["virtual", "/dev/video42"])
def test_a_named_camera_is_waited_for_but_must_be_there_at_the_start(
    system: FakeSystem, cameras: FakeCameras, spec: str
) -> None:
    with pytest.raises(SinkError):
        Publisher(spec, system, cameras)
    system.add_device(42, CARD)
    publisher = Publisher(spec, system, cameras)
    system.remove_device(42)
    cameras.made[0].failure = "no such device"
    assert publisher.run(30) == 0
    assert "video" in publisher.kept.cause
    system.add_device(42, CARD)
    assert publisher.run(10.1) >= 1
    assert publisher.kept.cause == ""
