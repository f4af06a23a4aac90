"""The running camera while its output vanishes, comes late or is released."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_ends import wait_for
from fake_output import FakeOutput, S
from studio import SIZE, Nobody, Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain, make_presence
from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.config import Config
from vcam.control.status import Command
from vcam.presence import FollowingProbe, Presence, ProbeReading


@pytest.fixture
def config(weights: Path) -> Config:
    return Config(source="studio", sink="virtual", size=SIZE, weights=str(weights), provider="cpu", threads=1)


@contextmanager
def running(config: Config, output: FakeOutput) -> Iterator[Camera]:
    camera = Camera(config, make_chain(config), output.keep(), Studio().make_source)
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


def has(camera: Camera, state: str) -> bool:
    return camera.status().state == state


def test_the_camera_outlives_its_output_and_says_what_it_waits_for(config: Config) -> None:
    output = FakeOutput()
    with running(config, output) as camera:
        wait_for(lambda: has(camera, "running"))
        output.fault = "/dev/video42 is gone"
        wait_for(lambda: has(camera, "waiting for output: /dev/video42 is gone"))
        wait_for(lambda: camera.status().drops.get("unpublished", 0) > 2)
        sent = camera.status().sent
        assert camera.status().sink == output.name
        assert camera.latest() is not None, "the page goes on"
        output.fault, output.now_ns = "", output.now_ns + 10 * S
        wait_for(lambda: has(camera, "running") and camera.status().sent > sent)


def test_frames_without_an_output_do_not_count_as_sent(config: Config) -> None:
    output = FakeOutput()
    with running(config, output) as camera:
        wait_for(lambda: has(camera, "running"))
        output.fault = "gone"
        wait_for(lambda: camera.status().drops.get("unpublished", 0) > 1)
        status = camera.status()
        wait_for(lambda: camera.status().drops["unpublished"] > status.drops["unpublished"] + 3)
        assert camera.status().sent == status.sent == output.sent


def test_a_release_gives_the_output_back_until_the_resume(config: Config) -> None:
    output = FakeOutput()
    with running(config, output) as camera:
        wait_for(lambda: has(camera, "running"))
        camera.do(Command(pause=True, release=True))
        assert output.open_nodes == 0
        assert has(camera, "paused: the output is released")
        camera.do(Command(resume=True))
        wait_for(lambda: has(camera, "running") and output.open_nodes == 1)


def test_a_release_alone_pauses_too(config: Config) -> None:
    output = FakeOutput()
    with running(config, output) as camera:
        camera.do(Command(release=True))
        assert output.open_nodes == 0
        assert has(camera, "paused: the output is released")


def test_a_pause_keeps_the_output(config: Config) -> None:
    output = FakeOutput()
    with running(config, output) as camera:
        camera.do(Command(pause=True))
        sent = output.sent
        wait_for(lambda: output.sent > sent + 1)
        assert has(camera, "paused")


def test_a_release_has_let_go_of_the_node_when_it_is_answered(config: Config) -> None:
    made: list[Probes] = []
    kept = FakeOutput().keep()
    presence = Presence(FollowingProbe(lambda: kept.output, lambda place: Probes(Path("node"), made)))
    camera = Camera(config, make_chain(config), kept, Studio().make_source, CameraOptions(presence=presence))
    camera.start()
    try:
        assert [probe.is_open for probe in made] == [True]
        camera.do(Command(pause=True, release=True))  # nothing else makes presence look
        assert [probe.is_open for probe in made] == [False]
    finally:
        camera.stop()


def unwatched(kept: ReconnectingSink) -> Presence:
    presence = Presence(FollowingProbe(lambda: kept.output, lambda place: Nobody()))
    kept.on_move = presence.look_again
    return presence


def test_an_output_that_vanishes_while_nobody_watches_opens_no_webcam(config: Config) -> None:
    output, studio = FakeOutput(has_page=True), Studio()
    kept = output.keep()
    terms = CameraOptions(presence=unwatched(kept))
    camera = Camera(config, make_chain(config), kept, studio.make_source, terms)
    camera.start()
    try:
        wait_for(lambda: has(camera, "idle: nobody watches") and output.sent > 1)
        output.fault = "/dev/video42 is gone"
        wait_for(lambda: has(camera, "waiting for output: /dev/video42 is gone"))
        assert camera.status().warnings == ()
        output.is_there, output.now_ns = False, output.now_ns + 10 * S
        wait_for(lambda: kept.name == "preview")
        terms.presence.settle(5)
        assert studio.opened == 0
        camera.look()
        wait_for(lambda: studio.opened == 1)
    finally:
        camera.stop()


def test_while_the_page_stands_in_nobody_watches(config: Config) -> None:
    told: list[bool] = []
    presence = make_presence(config, FakeOutput(is_there=False, has_page=True).keep())
    presence.begin(told.append)
    presence.stop()
    assert told == [False]


class Probes:
    """Tells nothing, but notes for which node it was made and what is still open."""

    def __init__(self, node: Path, made: list["Probes"]) -> None:
        self.node, self.is_open, self.waits = node, True, dict[int, int]()
        made.append(self)

    def read(self, now_ns: int) -> ProbeReading:
        return ProbeReading(None)

    def close(self) -> None:
        self.is_open = False


def test_presence_follows_the_output_to_its_new_node(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Probes] = []
    output = FakeOutput()
    monkeypatch.setattr("vcam.camera.parts.VirtualCameraSink", type(output.keep().sink))
    monkeypatch.setattr("vcam.camera.parts.find_node", lambda spec: Path(output.name))
    monkeypatch.setattr("vcam.camera.parts.find_probe", lambda node: Probes(node, made))
    output = FakeOutput(name="/dev/video42")
    kept = output.keep()
    presence = make_presence(config, kept)
    assert isinstance(presence._probe, FollowingProbe)
    presence.start(lambda level: None)
    try:
        wait_for(lambda: [probe.node for probe in made] == [Path("/dev/video42")])
        output.name = "/dev/video7"
        output.run(kept, 0.1)
        wait_for(lambda: not made[0].is_open)
        output.run(kept, 2)
        wait_for(lambda: len(made) == 2)
        assert (made[1].node, made[1].is_open) == (Path("/dev/video7"), True)
    finally:
        presence.stop()
    assert not any(probe.is_open for probe in made)
