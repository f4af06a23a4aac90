import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import pytest
from fake_ends import CARD, PATIENCE_S, SIZE, Patient, Tape, running, wait_for

from vcam.errors import SinkError, SourceError, VcamError
from vcam.frame import Frame, black
from vcam.pipeline import Pipeline, Slot, conform


class Script:
    """A source that delivers frames of these numbers, then what `after` says: an end, an error or a wait."""

    def __init__(self, indices: Sequence[int], after: str = "end") -> None:
        self.indices = indices
        self.after = after
        self.opened = 0
        self.go_on = threading.Event()

    def end(self) -> None:
        self.go_on.set()

    def __enter__(self) -> Self:
        self.opened += 1
        self._frames = iter(self.indices)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        time.sleep(0.002)  # a source takes its time; without it the worker would never be free in time
        index = next(self._frames, None)
        if index is not None:
            return replace(black(SIZE), index=index, captured_ns=time.monotonic_ns())
        if self.after == "error":
            raise SourceError("unplugged")
        if self.after == "wait" and not self.go_on.wait(PATIENCE_S):
            raise AssertionError("nobody let the source go on")
        if self.after == "forever":
            return replace(black(SIZE), captured_ns=time.monotonic_ns())
        raise StopIteration


def test_a_slot_keeps_the_newest_and_says_what_it_displaced() -> None:
    slot: Slot[int] = Slot()
    assert [slot.put(1), slot.put(2)] == [False, True]
    assert [slot.take(0), slot.take(0)] == [2, None]


def test_it_ends_with_the_source_and_shows_its_last_frame() -> None:
    tape = Tape()
    with running(Script(range(20)), tape) as pipeline:
        assert pipeline.wait(PATIENCE_S)
    assert tape.frames[-1].index == 19


def test_a_gap_in_the_index_counts_as_dropped() -> None:
    with running(Script([0, 1, 5, 6]), Tape()) as pipeline:
        assert pipeline.wait(PATIENCE_S)
        assert pipeline.meter.read(0).drops["source"] == 3


def test_the_limit_ends_it() -> None:
    tape = Tape()
    with running(Script([], "forever"), tape, limit=7) as pipeline:
        assert pipeline.wait(PATIENCE_S)
    assert len(tape.frames) == 7


@pytest.mark.parametrize(
    ("script", "tape", "error"),
    [
        (Script([0], "error"), Tape(), SourceError),
        (Script([], "forever"), Tape(SinkError("disk full")), SinkError),
    ],
)
def test_what_nobody_took_care_of_ends_it(script: Script, tape: Tape, error: type[VcamError]) -> None:
    with running(script, tape) as pipeline, pytest.raises(error):
        pipeline.wait(PATIENCE_S)


def test_a_frame_that_is_finished_after_its_source_failed_is_not_kept() -> None:
    tape, is_late = Tape(), threading.Event()

    def slow(frame: Frame) -> Frame:
        is_late.wait(PATIENCE_S)
        return frame

    with running(Script([0], "error"), tape, [("slow", slow)], policy=Patient(delay_s=3600)) as pipeline:
        wait_for(lambda: not pipeline._is_live and len(tape.frames) > 0)
        is_late.set()
        wait_for(lambda: pipeline._latest is not None)
        count = len(tape.frames)
        wait_for(lambda: len(tape.frames) > count + 1)
        assert pipeline.latest() is None
        assert tape.frames[-1] is CARD


def test_a_resume_right_after_a_pause_is_not_the_end() -> None:
    source = Script([0], "wait")
    with running(source, Tape()) as pipeline:
        wait_for(lambda: pipeline.latest() is not None)
        pipeline.pause()
        pipeline.resume()
        source.after = "forever"
        source.go_on.set()
        wait_for(lambda: source.opened == 2 and pipeline.latest() is not None)
        assert not pipeline.wait(0)


def test_a_stop_does_not_open_a_source_that_is_paused() -> None:
    source, tape = Script([], "forever"), Tape()
    pipeline = Pipeline(lambda: source, (), tape, size=SIZE, fps=200.0, placeholder=CARD)
    pipeline.pause()
    pipeline.start()
    wait_for(lambda: len(tape.frames) > 1)
    pipeline.stop()
    assert source.opened == 0


def test_a_paused_source_that_is_to_be_reopened_is_opened_once() -> None:
    source, tape = Script([], "forever"), Tape()
    pipeline = Pipeline(lambda: source, (), tape, size=SIZE, fps=200.0, placeholder=CARD)
    pipeline.pause()
    pipeline.start()
    wait_for(lambda: len(tape.frames) > 1)
    pipeline.reopen_source()
    pipeline.resume()
    wait_for(lambda: pipeline.latest() is not None)
    count = len(tape.frames)
    wait_for(lambda: len(tape.frames) > count + 10)
    pipeline.stop()
    assert source.opened == 1


def test_a_source_can_be_reopened_while_it_is_backing_off() -> None:
    source = Script([0], "error")
    with running(source, Tape(), policy=Patient(delay_s=3600)) as pipeline:
        wait_for(lambda: source.opened == 1 and pipeline.latest() is None)
        source.after = "forever"
        pipeline.reopen_source()
        wait_for(lambda: source.opened == 2 and pipeline.latest() is not None)


def test_the_first_picture_does_not_wait_for_the_cards_next_turn() -> None:
    tape = Tape()
    with running(Script([0], "wait"), tape) as pipeline:
        wait_for(lambda: any(frame is not CARD for frame in tape.frames))
        # a card stays for 100 ms; half of that leaves a busy machine its time
        assert 0 < pipeline.meter.read(0).age_ms.p50 < 50


def test_conform_cuts_and_never_stretches() -> None:
    assert conform(black((64, 64)), SIZE).size == SIZE
    frame = black(SIZE)
    assert conform(frame, SIZE) is frame
