import errno
import io
from collections.abc import Callable
from typing import BinaryIO, cast

import numpy as np
from fake_pipewire import FakePipeWire

from vcam.frame import Frame, Size, black, from_packed, pack
from vcam.pipewire import library as pw
from vcam.pipewire.publisher import FAREWELL_S, publish

SIZE: Size = (32, 16)
NBYTES = 32 * 16 * 3 // 2
ARGUMENTS = ("sharpkd-camera", "SharpKD Camera", "32x16", "30")
GREY = from_packed(np.full(NBYTES, 99, np.uint8), SIZE)


class Script:
    """What comes in: frames, and what happens between them; then the end."""

    def __init__(self, *steps: Frame | Callable[[], None]) -> None:
        self._steps = list(steps)

    def readinto(self, memory: memoryview) -> int:
        while self._steps:
            step = self._steps.pop(0)
            if isinstance(step, Frame):
                memory[:] = pack(step).reshape(-1).data
                return NBYTES
            step()
        return 0


class Run:
    """The publisher's whole life with a library of the test's."""

    def __init__(self, library: FakePipeWire, *steps: Frame | Callable[[], None]) -> None:
        output, self.slept = io.StringIO(), list[float]()
        frames = cast(BinaryIO, Script(*steps))
        self.status = publish(ARGUMENTS, frames, output, load=lambda: library, sleep=self.slept.append)
        self.said = [line.strip() for line in output.getvalue().splitlines()]


def test_it_says_that_the_camera_is_there_and_takes_it_away_at_the_end() -> None:
    library = FakePipeWire()
    run = Run(library)
    assert (run.said, run.status) == (["open"], 0)
    assert library.calls.count("destroy stream") == 1
    assert '"node.name": "sharpkd-camera"' in library.properties


def test_frames_go_to_who_watches_and_the_last_one_is_black() -> None:
    library = FakePipeWire()
    run = Run(library, lambda: library.connect_reader(NBYTES), GREY)
    assert [set(sent) for sent in library.sent] == [{99}, set(pack(black(SIZE)).reshape(-1))]
    assert run.slept == [FAREWELL_S]


def test_nobody_is_waited_for_where_nobody_watches() -> None:
    run = Run(FakePipeWire(), GREY)
    assert run.slept == []


def test_each_change_of_who_watches_is_said_once() -> None:
    library = FakePipeWire()
    run = Run(
        library,
        lambda: library.connect_reader(NBYTES),
        lambda: library.set_state(pw.STREAMING),
        lambda: library.set_state(pw.PAUSED),
    )
    assert run.said == ["open", "watched", "unwatched"]


def test_a_frame_that_is_cut_off_is_not_shown() -> None:
    library = FakePipeWire()
    library_frames = io.BytesIO(bytes(NBYTES - 1))
    publish(ARGUMENTS, library_frames, io.StringIO(), load=lambda: library)
    assert library.sent == []


def test_where_no_pipewire_runs_the_only_word_is_why() -> None:
    run = Run(FakePipeWire(refusal=-errno.EHOSTDOWN))
    assert run.status == 5
    (word,) = run.said
    assert word.startswith("error no PipeWire is running for this user")
    assert word.endswith("Run: systemctl --user start pipewire wireplumber")


def test_a_pipewire_that_goes_is_said_without_a_frame() -> None:
    library = FakePipeWire()
    run = Run(library, lambda: library.set_state(pw.ERROR, b"connection\nerror"))
    assert run.said[1].startswith("error PipeWire has dropped the camera: connection error.")
