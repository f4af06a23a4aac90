import pytest

from vcam.camera.policy import Health, KeepGoing, back_off_s
from vcam.errors import LinkError, SourceError
from vcam.pipeline import Stages


class Wall:
    """Where the policy's words go."""

    def __init__(self) -> None:
        self.health = Health()
        self.shown: list[str] = []
        self.left_out: list[str] = []
        self.policy = KeepGoing(self.health, self.shown.append, self.leave_out)

    def leave_out(self, name: str) -> Stages:
        self.left_out.append(name)
        return []


def test_a_camera_is_tried_again_ever_more_slowly() -> None:
    assert [back_off_s(attempt) for attempt in (1, 2, 3, 4, 5, 6, 7, 5000)] == [0.5, 1, 2, 4, 8, 10, 10, 10]


def test_a_missing_camera_shows_its_cause_once() -> None:
    wall = Wall()
    delays = [wall.policy.source_failed(SourceError("unplugged"), attempt) for attempt in (1, 2)]
    assert delays == [0.5, 1.0]
    assert wall.shown == ["unplugged"]
    assert wall.health.camera_error == "unplugged"


def test_a_camera_is_awaited_until_it_opens() -> None:
    wall = Wall()
    wall.health.awaited = ("source: /dev/video9 is not there now",)
    wall.policy.source_opened()
    assert wall.health.awaited == ()


def test_the_traceback_of_what_nobody_foresaw_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    wall, error = Wall(), SourceError("it fails in an unexpected way")
    error.__cause__ = ZeroDivisionError("a rate of 0")
    for attempt in (1, 2):
        wall.policy.source_failed(error, attempt)
    assert caplog.text.count("ZeroDivisionError: a rate of 0") == 1
    assert wall.health.camera_error == "it fails in an unexpected way"


def test_a_camera_that_is_back_takes_the_cause_away() -> None:
    wall = Wall()
    wall.policy.source_failed(SourceError("unplugged"), 1)
    wall.policy.source_opened()
    assert wall.shown == ["unplugged", ""]
    assert wall.health.camera_error == ""


def test_a_stage_that_fails_is_left_out_and_named() -> None:
    wall = Wall()
    assert wall.policy.stage_failed("link", LinkError("its encoder failed")) == []
    assert wall.left_out == ["link"]
    assert wall.health.stage_errors == {"link": "its encoder failed"}


def test_a_successor_that_comes_as_its_stage_is_left_out_is_tried_again() -> None:
    wall = Wall()

    def leave_out(name: str) -> Stages:
        wall.health.stage_errors.pop(name, None)  # a reload has just put another one in its place
        return []

    KeepGoing(wall.health, wall.shown.append, leave_out).stage_failed("restore", ValueError("bad"))
    assert wall.health.stage_errors == {"restore": "bad"}
