"""What is done to both pictures at last, and a picture that is frozen."""

from dataclasses import replace

import pytest
from fake_ends import CARD, SIZE, Feed, Gate, Patient, Tape, running, wait_for

from vcam.frame import Frame
from vcam.pipeline import FailFast, Result, Stages


def numbered(number: int) -> Frame:
    return replace(CARD, index=number)


class WithoutTheFinish(FailFast):
    """Notes which part failed and goes on with the stages it has."""

    def __init__(self, stages: Stages = ()) -> None:
        self.failed: list[str] = []
        self._stages = stages

    def stage_failed(self, name: str, error: Exception) -> Stages | None:
        self.failed.append(name)
        return self._stages


def test_what_is_published_is_what_the_finish_returns() -> None:
    feed, tape = Feed(), Tape()

    def add_hundred(result: Result) -> Result:
        return replace(result, after=replace(result.after, index=result.after.index + 100))

    with running(feed, tape, finish=add_hundred) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [101])
        latest = pipeline.latest()
    assert latest is not None
    assert (latest.before.index, latest.after.index) == (1, 101)


def test_the_finish_is_timed_as_a_stage_is() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape, finish=lambda result: result) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        assert "adjust" in pipeline.meter.read(0).stage_ms


@pytest.mark.parametrize(("stages", "truth"), [(1, None), (2, 1)])
def test_the_truth_is_what_went_into_the_first_of_several_stages(stages: int, truth: int | None) -> None:
    feed, tape, seen = Feed(), Tape(), list[Result]()

    def number(frame: Frame) -> Frame:
        return replace(frame, index=frame.index + 10)

    def note(result: Result) -> Result:
        seen.append(result)
        return result

    with running(feed, tape, [("one", number), ("two", number)][:stages], finish=note):
        feed.send(1)
        wait_for(lambda: seen)
    assert (seen[0].truth.index if seen[0].truth else None) == truth
    assert seen[0].before.index == (1 if stages == 1 else 11)


def test_a_finish_that_fails_is_left_out_and_its_frame_published() -> None:
    feed, tape, policy = Feed(), Tape(), WithoutTheFinish()

    def fail(result: Result) -> Result:
        raise ZeroDivisionError

    with running(feed, tape, finish=fail, policy=policy):
        feed.send(1, 2)
        wait_for(lambda: 2 in tape.pictures)
    assert policy.failed == ["adjust"]


def test_a_new_finish_takes_the_place_of_one_that_failed() -> None:
    feed, tape, policy = Feed(), Tape(), WithoutTheFinish()

    def fail(result: Result) -> Result:
        raise ZeroDivisionError

    with running(feed, tape, finish=fail, policy=policy) as pipeline:
        feed.send(1)
        wait_for(lambda: policy.failed)
        pipeline.set_finish(lambda result: replace(result, after=numbered(77)))
        feed.send(2)
        wait_for(lambda: 77 in tape.pictures)


def test_a_frozen_picture_stays() -> None:
    feed, tape, gate = Feed(), Tape(), Gate()
    gate.open()
    with running(feed, tape, [("gate", gate)]) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        assert pipeline.freeze()
        feed.send(2, 3)
        sent = len(tape.frames)
        wait_for(lambda: len(tape.frames) > sent + 20)
        assert tape.pictures == [1]
        assert len(gate.seen) == 1  # nothing is restored that nobody sees


def test_the_first_picture_after_a_freeze_is_a_cut() -> None:
    feed, tape, gate = Feed(), Tape(), Gate()
    gate.open()
    with running(feed, tape, [("gate", gate)]) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        pipeline.freeze()
        feed.send(2)
        wait_for(lambda: pipeline._captured._value is None)
        sent = len(tape.frames)
        wait_for(lambda: len(tape.frames) > sent + 20)
        pipeline.unfreeze()
        feed.send(3)
        wait_for(lambda: tape.pictures == [1, 3])
        feed.send(4)
        wait_for(lambda: tape.pictures == [1, 3, 4])
    assert [(frame.index, frame.is_cut) for frame in gate.seen] == [(1, True), (3, True), (4, False)]


def test_a_frozen_picture_outlives_its_source() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape, policy=Patient(delay_s=0.01)) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        pipeline.freeze()
        feed.fail()
        wait_for(lambda: feed.opened > 1)
        sent = len(tape.frames)
        wait_for(lambda: len(tape.frames) > sent + 5)
        assert all(frame.index == 1 for frame in tape.frames[sent:])


def test_a_pause_hides_a_frozen_picture() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        pipeline.freeze()
        pipeline.pause()
        assert pipeline.latest() is None
        wait_for(lambda: tape.frames[-1] is CARD)


def test_where_only_a_card_was_shown_there_is_nothing_to_freeze() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape) as pipeline:
        wait_for(lambda: tape.frames)
        assert not pipeline.freeze()
        assert not pipeline.is_frozen


def test_a_second_freeze_keeps_the_picture_of_the_first() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        pipeline.freeze()
        feed.send(2)
        pipeline.freeze()
        latest = pipeline.latest()
    assert latest is not None
    assert latest.after.index == 1
    assert latest.after.size == SIZE
