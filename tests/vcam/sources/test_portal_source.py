"""The screen of a Wayland desktop as a source, beside processes that play the one that shares it."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vcam.camera.parts import make_source_of
from vcam.config import Config
from vcam.errors import SenderAwaitedError, SourceError
from vcam.sources import PortalSource, Shares
from vcam.wire import FRAME, HEADER, WORD

ANSWER_S = 40.0  # of a machine that has much else to do
# a process without imports of ours, which starts at once
BEGIN = f"""
import json, os, struct, sys, time
head = struct.Struct({HEADER.format!r})
def say(**word):
    text = json.dumps(word).encode()
    sys.stdout.buffer.write(head.pack({WORD}, 0, 0, 0, 0, 0, len(text)) + text)
    sys.stdout.buffer.flush()
def show(width, height, luma):
    size = width * height
    sys.stdout.buffer.write(head.pack({FRAME}, 0, width, height, 0, 1, size * 3 // 2))
    sys.stdout.buffer.write(bytes([luma]) * size + bytes([128]) * (size // 2))
    sys.stdout.buffer.flush()
def wait(name):
    while not os.path.exists(folder + "/" + name):
        time.sleep(0.005)
def hold():
    sys.stdin.buffer.read()
folder = os.path.dirname(sys.argv[2])
with open(folder + "/starts", "a") as starts:
    starts.write(str(os.getpid()) + "\\n")
say(asking=True)
"""


class Desk:
    """Shares whose process is a program of the test, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shares = Shares()

    def plays(self, program: str, rest_s: float = 30.0) -> Shares:
        command = [sys.executable, "-SE", "-c", BEGIN + program]
        self.shares = Shares(self.folder / "token", command, rest_s)
        return self.shares

    def pids(self) -> list[int]:
        """Of all that were started."""
        return [int(line) for line in (self.folder / "starts").read_text().split()]

    def say(self, name: str) -> None:
        (self.folder / name).touch()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.shares.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + ANSWER_S
    while not is_so():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.01)


def await_answer(shares: Shares) -> str:
    """What is said while a person is asked, by a source that is opened again and again."""
    deadline_s = time.monotonic() + ANSWER_S
    while True:
        assert time.monotonic() < deadline_s
        with pytest.raises(SenderAwaitedError) as caught, PortalSource("screen", shares=shares, read_s=0.05):
            pass
        if "is being asked" not in str(caught.value):
            return str(caught.value)


def test_a_dialog_stays_until_it_is_answered_and_then_the_picture_comes(desk: Desk) -> None:
    shares = desk.plays("wait('yes'); say(shared=True); show(64, 48, 90); hold()")
    assert await_answer(shares).startswith("choose what to share in the desktop's dialog")
    assert await_answer(shares).startswith("choose what to share")
    desk.say("yes")
    with PortalSource("screen", shares=shares, read_s=ANSWER_S) as source:
        first = next(source)
    assert (first.size, first.y[0, 0], first.is_cut, first.index) == ((64, 48), 90, True, 0)
    (pid,) = desk.pids()
    assert not is_running(pid)  # nobody looks: nothing is shared


def test_a_screen_that_sends_nothing_yet_is_awaited_and_not_asked_for_again(desk: Desk) -> None:
    shares = desk.plays("say(shared=True); wait('change'); show(64, 48, 90); hold()")
    while not await_answer(shares).startswith("the desktop shares the screen, and sends its first picture"):
        pass
    desk.say("change")
    with PortalSource("screen", shares=shares, read_s=ANSWER_S) as source:
        assert next(source).is_cut
    assert len(desk.pids()) == 1


def test_a_no_is_not_asked_again_until_the_screen_is_chosen_again(desk: Desk) -> None:
    shares = desk.plays("say(declined='it was declined'); hold()")
    for _ in range(3):
        with (
            pytest.raises(SourceError, match="it was declined; to be asked again, choose the source again"),
            PortalSource("screen", shares=shares, read_s=ANSWER_S),
        ):
            pass
    assert len(desk.pids()) == 1
    make_source_of(Config(source="pattern"), shares=shares)
    with pytest.raises(SourceError, match="declined"), PortalSource("screen", shares=shares, read_s=ANSWER_S):
        pass
    assert len(desk.pids()) == 2


def test_a_still_screen_goes_on_with_its_last_picture_and_another_size_is_a_cut(desk: Desk) -> None:
    shares = desk.plays(
        "say(shared=True); show(64, 48, 90); wait('wider'); show(80, 48, 100); wait('moved');"
        " show(80, 48, 110); hold()"
    )
    now_ns = iter(range(1000, 10**6))
    with PortalSource("screen", 50, shares, clock=lambda: next(now_ns), read_s=ANSWER_S) as source:
        frames = [next(source) for _ in range(4)]
        desk.say("wider")
        while frames[-1].size == (64, 48):
            frames.append(next(source))
        cut = len(frames) - 1
        desk.say("moved")
        while frames[-1].y[0, 0] == 100:
            frames.append(next(source))
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert [number for number, frame in enumerate(frames) if frame.is_cut] == [0, cut]
    assert [frame.captured_ns for frame in frames[:4]] == [1, 1000, 1001, 1002]
    assert {int(frame.y[0, 0]) for frame in frames[:4]} == {90}


def test_what_ends_the_sharing_is_a_fault_and_the_next_opening_asks_again(desk: Desk) -> None:
    shares = desk.plays(
        "say(shared=True); show(64, 48, 90); wait('stop'); say(error='it was stopped'); hold()"
    )
    with PortalSource("screen", shares=shares, read_s=ANSWER_S) as source:
        next(source)
        desk.say("stop")
        with pytest.raises(SourceError, match="it was stopped"):
            list(source)
    with PortalSource("screen", shares=shares, read_s=ANSWER_S) as source:
        next(source)
    assert len(desk.pids()) == 2


def test_a_process_that_dies_is_a_fault(desk: Desk) -> None:
    shares = desk.plays("say(shared=True); show(64, 48, 90); wait('die'); os.kill(os.getpid(), 11)")
    with PortalSource("screen", shares=shares, read_s=ANSWER_S) as source:
        next(source)
        desk.say("die")
        with pytest.raises(SourceError, match="the process for the screen has ended"):
            list(source)


def test_a_dialog_that_nobody_waits_for_goes(desk: Desk) -> None:
    shares = desk.plays("hold()", rest_s=0.05)
    assert await_answer(shares).startswith("choose what to share")
    until(lambda: not any(map(is_running, desk.pids())))


def test_a_region_is_cut_out(desk: Desk) -> None:
    shares = desk.plays("say(shared=True); show(64, 48, 90); hold()")
    for spec, size in (("screen:10,20,32x16", (32, 16)), ("screen:20,10,999x999", (44, 38))):
        with PortalSource(spec, shares=shares, read_s=ANSWER_S) as source:
            assert next(source).size == size
    with (
        pytest.raises(SourceError, match="the region lies outside of what is shared, which is 64x48"),
        PortalSource("screen:60,0,32x16", shares=shares, read_s=ANSWER_S) as source,
    ):
        next(source)


def test_a_title_is_refused_since_wayland_names_no_windows(desk: Desk) -> None:
    source = PortalSource("screen:Bank", shares=desk.plays("hold()"))
    with pytest.raises(SourceError, match="names no windows to programs: use --source screen"), source:
        pass
    assert not (desk.folder / "starts").exists()


def test_a_source_by_itself_ends_what_it_started(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = desk.plays("hold()")
    monkeypatch.setattr("vcam.sources.portal.Shares", lambda: shares)
    with (
        pytest.raises(SourceError, match=r"no picture of the screen came within 0\.5 s") as caught,
        PortalSource("screen", read_s=0.5),
    ):
        pass
    assert not isinstance(caught.value, SenderAwaitedError)
    assert not any(map(is_running, desk.pids() if (desk.folder / "starts").exists() else []))
