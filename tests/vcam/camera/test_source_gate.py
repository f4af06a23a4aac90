"""The camera that opens its source only while somebody watches, and the user's pause beside it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from studio import Nobody

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import find_node, make_chain, make_presence
from vcam.camera.source_gate import IDLE, PAUSED
from vcam.config import Config
from vcam.config_file import SavedSettings
from vcam.control.status import Command
from vcam.errors import SourceError
from vcam.frame import Frame, black
from vcam.pipeline import Source
from vcam.placeholder import placeholder
from vcam.presence import Presence
from vcam.sinks import NullSink, VirtualCameraSink

SIZE = (128, 96)
PATIENCE_S = 60.0
IDLE_STATE = "idle: nobody watches"


class Audience(Presence):
    """Somebody or nobody, as the test says."""

    def __init__(self, is_present: bool) -> None:
        super().__init__()
        self.is_first = is_present
        self.looks = 0
        self.rereads = 0
        self.is_over = False

    def start(self, on_change: Callable[[bool], None]) -> None:
        self.tell = on_change
        on_change(self.is_first)

    def stop(self) -> None:
        self.is_over = True

    def note_viewer(self) -> None:
        self.looks += 1

    def look_again(self) -> None:
        self.rereads += 1


@dataclass
class Webcam:
    """A source of black frames, one each millisecond, whose light a test can see."""

    opened: int = 0
    closed: int = 0
    error: str = ""
    sources: list[str] = field(default_factory=list)
    warnings: tuple[str, ...] = ()

    @property
    def is_lit(self) -> bool:
        return self.opened > self.closed

    def make_source(self, config: Config) -> Source:
        self.sources.append(config.source)
        return self

    def __enter__(self) -> Self:
        if self.error:
            raise SourceError(self.error)
        assert not self.is_lit
        self.opened += 1
        self.index = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closed += 1

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        threading.Event().wait(0.001)
        self.index += 1
        return replace(black(SIZE), index=self.index, captured_ns=time.monotonic_ns())


@dataclass
class Stage:
    """A running camera and what is around it."""

    camera: Camera
    webcam: Webcam
    audience: Audience
    sink: NullSink

    @property
    def state(self) -> str:
        return self.camera.status().state

    def shows(self, title: str, detail: str) -> bool:
        return bool((self.camera.placeholder().y == placeholder(SIZE, title, detail).y).all())


@contextmanager
def running(config: Config, *, is_present: bool, error: str = "") -> Iterator[Stage]:
    webcam, audience, sink = Webcam(error=error), Audience(is_present), NullSink()
    terms = CameraOptions(presence=audience)
    camera = Camera(config, make_chain(config), sink, webcam.make_source, terms)
    camera.start()
    try:
        yield Stage(camera, webcam, audience, sink)
    finally:
        camera.stop()
        assert audience.is_over
        assert not webcam.is_lit


def wait_for(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.002)


@pytest.fixture
def config(weights: Path) -> Config:
    return Config(source="webcam", sink="null", size=SIZE, weights=str(weights), provider="cpu", threads=1)


def test_with_nobody_there_the_webcam_is_never_opened_and_cards_go_out(config: Config) -> None:
    with running(config, is_present=False) as stage:
        wait_for(lambda: stage.sink.count >= 4)
        assert stage.state == IDLE_STATE
        assert stage.camera.latest() is None
        assert stage.shows(IDLE.title, IDLE.detail)
    assert stage.webcam.sources == []


def test_it_opens_for_a_watcher_and_closes_when_they_leave(config: Config) -> None:
    with running(config, is_present=False) as stage:
        stage.audience.tell(True)
        assert stage.state == "starting"
        assert not stage.shows(IDLE.title, IDLE.detail)
        wait_for(lambda: stage.state == "running" and stage.webcam.is_lit)
        stage.audience.tell(False)
        assert stage.state == IDLE_STATE
        assert stage.camera.latest() is None
        wait_for(lambda: not stage.webcam.is_lit)
        count = stage.sink.count
        wait_for(lambda: stage.sink.count > count + 1)
    assert stage.webcam.opened == 1


def test_watchers_who_come_and_go_100_times_open_and_close_it_100_times(config: Config) -> None:
    with running(config, is_present=False) as stage:
        for number in range(1, 101):
            stage.audience.tell(True)
            wait_for(lambda: stage.camera.latest() is not None)
            stage.audience.tell(False)
            wait_for(lambda: not stage.webcam.is_lit)
            assert (stage.webcam.opened, stage.webcam.closed) == (number, number)
    assert stage.webcam.opened == 100


def test_watchers_who_come_and_go_at_once_leave_it_as_the_last_one_did(config: Config) -> None:
    with running(config, is_present=True) as stage:
        wait_for(lambda: stage.state == "running")
        for _ in range(100):
            stage.audience.tell(False)
            stage.audience.tell(True)
        wait_for(lambda: stage.state == "running" and stage.webcam.is_lit)
        for _ in range(100):
            stage.audience.tell(True)
            stage.audience.tell(False)
        wait_for(lambda: not stage.webcam.is_lit)
        assert stage.state == IDLE_STATE


def test_a_pause_wins_over_a_watcher(config: Config) -> None:
    with running(config, is_present=True) as stage:
        wait_for(lambda: stage.state == "running")
        stage.camera.do(Command(pause=True))
        wait_for(lambda: not stage.webcam.is_lit)
        for is_present in (False, True):
            stage.audience.tell(is_present)
            assert stage.state == "paused"
            assert stage.shows(PAUSED.title, PAUSED.detail)
        count = stage.sink.count
        wait_for(lambda: stage.sink.count > count + 1)
        assert stage.webcam.opened == 1
        stage.camera.do(Command(resume=True))
        wait_for(lambda: stage.state == "running")
    assert stage.webcam.opened == 2


def test_a_resume_with_nobody_there_waits_for_a_watcher(config: Config) -> None:
    with running(config, is_present=False) as stage:
        stage.camera.do(Command(pause=True))
        stage.camera.do(Command(resume=True))
        assert stage.state == IDLE_STATE
        assert stage.shows(IDLE.title, IDLE.detail)
        count = stage.sink.count
        wait_for(lambda: stage.sink.count > count + 1)
        assert stage.webcam.opened == 0
        stage.audience.tell(True)
        wait_for(lambda: stage.state == "running")


def test_always_on_does_not_ask_who_watches(config: Config) -> None:
    with running(replace(config, always_on=True), is_present=False) as stage:
        wait_for(lambda: stage.state == "running")
        stage.camera.do(Command(set={"always_on": False}))
        wait_for(lambda: stage.state == IDLE_STATE and not stage.webcam.is_lit)
        stage.camera.do(Command(set={"always_on": True}))
        wait_for(lambda: stage.state == "running")
        stage.camera.do(Command(pause=True))
        assert stage.state == "paused"


def test_another_source_is_not_opened_before_somebody_watches(config: Config) -> None:
    with running(config, is_present=False) as stage:
        stage.camera.do(Command(set={"source": "other"}))
        assert stage.shows(IDLE.title, IDLE.detail)
        count = stage.sink.count
        wait_for(lambda: stage.sink.count > count + 1)
        assert stage.webcam.sources == []
        stage.audience.tell(True)
        wait_for(lambda: stage.state == "running")
    assert stage.webcam.sources == ["other"]


def test_a_missing_webcam_is_not_tried_while_nobody_watches(config: Config) -> None:
    with running(config, is_present=True, error="unplugged") as stage:
        wait_for(lambda: stage.state == "waiting for camera: unplugged")
        stage.audience.tell(False)
        assert stage.state == IDLE_STATE
        wait_for(lambda: stage.shows(IDLE.title, IDLE.detail))
        stage.webcam.error = ""
        stage.audience.tell(True)
        wait_for(lambda: stage.state == "running")


def test_each_opening_after_a_close_on_purpose_begins_a_call(config: Config) -> None:
    calls: list[str] = []
    webcam, audience = Webcam(), Audience(False)
    terms = CameraOptions(
        presence=audience, begin_call=lambda: calls.append("begins" if not webcam.is_lit else "late")
    )
    camera = Camera(config, make_chain(config), NullSink(), webcam.make_source, terms)
    camera.start()
    try:
        for number in (1, 2):
            audience.tell(True)
            wait_for(lambda: camera.latest() is not None)
            camera.wake()
            wait_for(lambda number=number: webcam.opened == 2 * number)
            audience.tell(False)
            wait_for(lambda: not webcam.is_lit)
    finally:
        camera.stop()
    assert calls == ["begins", "begins"]


def test_a_machine_that_wakes_opens_the_webcam_again_and_asks_again_who_watches(config: Config) -> None:
    with running(config, is_present=True) as stage:
        wait_for(lambda: stage.state == "running")
        stage.camera.wake()
        wait_for(lambda: stage.webcam.opened == 2 and stage.state == "running")
        assert stage.audience.rereads == 1


def test_a_machine_that_wakes_leaves_a_closed_webcam_closed(config: Config) -> None:
    with running(config, is_present=False) as stage:
        stage.camera.wake()
        count = stage.sink.count
        wait_for(lambda: stage.sink.count > count + 1)
        assert stage.webcam.opened == 0
        stage.audience.tell(True)
        wait_for(lambda: stage.state == "running")
    assert stage.webcam.opened == 1


def test_a_closed_webcam_is_not_warned_of(config: Config) -> None:
    with running(config, is_present=True) as stage:
        wait_for(lambda: stage.state == "running")
        stage.webcam.warnings = ("the webcam is slow",)
        assert "the webcam is slow" in stage.camera.status().warnings
        stage.audience.tell(False)
        assert "the webcam is slow" not in stage.camera.status().warnings


def test_who_looks_at_the_page_watches(config: Config) -> None:
    with running(config, is_present=False) as stage:
        assert stage.camera.look() is None
        stage.camera.status()
        stage.camera.latest()
        assert stage.audience.looks == 1


def test_only_a_virtual_camera_is_asked_who_watches_it(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("vcam.camera.parts.find_probe", lambda node: asked.append(node) or Nobody())
    monkeypatch.setattr("vcam.camera.parts.find_virtual_camera", lambda: Path("/dev/video7"))
    told: list[bool] = []
    for sink, spec in (
        (NullSink(), "null"),
        (NullSink("preview"), "auto"),
        (VirtualCameraSink(SIZE, 30), "/dev/video42"),
    ):
        presence = make_presence(replace(config, sink=spec), sink)
        presence.begin(told.append)
        presence.stop()
    assert asked == [Path("/dev/video42")]
    assert told == [False]


def test_a_node_is_found_by_its_path_or_by_the_cards_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcam.camera.parts.find_virtual_camera", lambda: Path("/dev/video7"))
    assert [find_node(spec) for spec in ("/dev/video42", "auto", "virtual")] == [
        Path("/dev/video42"),
        Path("/dev/video7"),
        Path("/dev/video7"),
    ]
    monkeypatch.setattr("vcam.camera.parts.find_virtual_camera", lambda: None)
    assert find_node("auto") is None


@pytest.mark.parametrize(
    ("text", "given", "is_always_on"),
    [("", {}, False), ("", {"always_on": "true"}, True), ("always_on = true", {}, True)],
)
def test_the_option_of_the_start_overrules_the_file(
    tmp_path: Path, text: str, given: dict[str, str], is_always_on: bool
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert SavedSettings(path, given=given).load().always_on is is_always_on
