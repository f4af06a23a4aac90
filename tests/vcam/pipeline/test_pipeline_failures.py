"""What the pipeline does when a source or a stage fails, is paused or is stopped at a bad moment."""

import threading
from dataclasses import replace
from typing import Self

import pytest
from fake_ends import CARD, FPS, PATIENCE_S, SIZE, Feed, Gate, Patient, Tape, running, wait_for

from vcam.errors import SourceError
from vcam.frame import Frame, black
from vcam.pipeline import FailFast, Pipeline, Result, Stages


class Broken(Feed):
    """A source that raises where it is opened or read."""

    def __init__(self, error: Exception, place: str) -> None:
        super().__init__()
        self._error = error
        self._place = place

    def __enter__(self) -> Self:
        if self._place == "opened":
            raise self._error
        return super().__enter__()

    def __next__(self) -> Frame:
        raise self._error


class LeaveOut(FailFast):
    """Goes on with other stages than the failed one."""

    def __init__(self, stages: Stages = ()) -> None:
        self.stages = stages
        self.failed: list[str] = []

    def stage_failed(self, name: str, error: Exception) -> Stages | None:
        self.failed.append(name)
        return self.stages


def fail(frame: Frame) -> Frame:
    raise RuntimeError("the model broke")


def brighten(frame: Frame) -> Frame:
    return replace(frame, y=frame.y + 50)


def test_a_failed_source_is_opened_again_and_goes_on() -> None:
    feed, tape, policy = Feed(), Tape(), Patient()
    with running(feed, tape, policy=policy):
        feed.send(0)
        wait_for(lambda: tape.pictures == [0])
        feed.fail()
        feed.send(7)
        wait_for(lambda: tape.pictures == [0, 7])
    assert feed.opened == 2
    assert policy.attempts == [1]


@pytest.mark.parametrize("place", ["made", "opened", "read"])
def test_what_nobody_foresaw_of_a_source_is_the_policys_to_judge(place: str) -> None:
    feed, tape, policy = Feed(), Tape(), Patient(delay_s=0.001)
    error = ZeroDivisionError("a rate of 0")
    is_first = threading.Semaphore(1)

    def make_source() -> Feed:
        if is_first.acquire(blocking=False):
            if place == "made":
                raise error
            return Broken(error, place)
        return feed

    pipeline = Pipeline(make_source, [], tape, size=SIZE, fps=FPS, placeholder=CARD, policy=policy)
    pipeline.start()
    feed.send(3)
    wait_for(lambda: tape.pictures == [3])
    feed.end()
    pipeline.stop()
    assert [(type(failure), failure.__cause__) for failure in policy.errors] == [(SourceError, error)]


def test_what_nobody_foresaw_of_a_source_ends_a_foreground_run_with_a_sentence() -> None:
    with (
        running(Broken(ZeroDivisionError("a rate of 0"), "opened"), Tape()) as pipeline,
        pytest.raises(SourceError, match="fails in an unexpected way"),
    ):
        pipeline.wait(PATIENCE_S)


def test_attempts_are_counted_until_a_frame_comes() -> None:
    feed, tape, policy = Feed(), Tape(), Patient(delay_s=0.001)
    with running(feed, tape, policy=policy):
        feed.fail()
        feed.fail()
        feed.send(0)
        wait_for(lambda: tape.pictures == [0])
        feed.fail()
        wait_for(lambda: len(policy.attempts) == 3)
    assert policy.attempts == [1, 2, 1]


def test_the_back_off_is_obeyed() -> None:
    feed, policy = Feed(), Patient(delay_s=3600)
    feed.opening_error = SourceError("busy")
    tape = Tape()
    with running(feed, tape, policy=policy):
        wait_for(lambda: policy.attempts)
        wait_for(lambda: len(tape.frames) > 2)
        assert feed.opened == 1


def test_a_card_is_shown_while_a_source_is_away() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape, policy=Patient(delay_s=3600)):
        feed.send(0)
        wait_for(lambda: tape.pictures == [0])
        feed.fail()
        wait_for(lambda: tape.frames[-1] is CARD)


def test_numbers_that_start_again_after_a_reconnect_are_no_gap() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape, policy=Patient()) as pipeline:
        feed.send(5)
        wait_for(lambda: tape.pictures == [5])
        feed.fail()
        feed.send(90)
        wait_for(lambda: tape.pictures == [5, 90])
        assert "source" not in pipeline.meter.read(0).drops


def test_the_first_frame_after_a_reconnect_is_a_cut() -> None:
    feed, tape, gate = Feed(), Tape(), Gate()
    gate.open()
    with running(feed, tape, [("gate", gate)], policy=Patient()):
        for number in (0, 1):
            feed.send(number)
            wait_for(lambda: tape.pictures[-1:] == [number])  # noqa: B023  # called before the next round
        feed.fail()
        for number in (2, 3):
            feed.send(number)
            wait_for(lambda: tape.pictures[-1:] == [number])  # noqa: B023
    assert [frame.is_cut for frame in gate.seen] == [True, False, True, False]


def test_a_cut_is_handed_on_by_the_frame_that_is_dropped() -> None:
    feed, gate = Feed(), Gate()
    with running(feed, Tape(), [("gate", gate)], policy=Patient()) as pipeline:
        feed.send(0)
        wait_for(lambda: len(gate.seen) == 1)
        feed.fail()
        feed.send(1, 2)
        wait_for(lambda: pipeline.meter.read(0).drops.get("busy") == 1)
        gate.open()
        wait_for(lambda: len(gate.seen) == 2)
    assert [(frame.index, frame.is_cut) for frame in gate.seen] == [(0, True), (2, True)]


def test_a_failed_stage_is_replaced_and_its_frame_counted() -> None:
    feed, tape, policy = Feed(), Tape(), LeaveOut([("brighten", brighten)])
    with running(feed, tape, [("restore", fail)], policy=policy) as pipeline:
        feed.send(0)
        wait_for(lambda: policy.failed)
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        assert pipeline.meter.read(0).drops == {"failed": 1}
    assert policy.failed == ["restore"]
    assert tape.frames[-1].y[0, 0] == CARD.y[0, 0] + 50


def test_a_cut_is_handed_on_by_the_frame_that_failed() -> None:
    feed, tape, gate = Feed(), Tape(), Gate()
    gate.open()
    policy = LeaveOut([("gate", gate)])
    with running(feed, tape, [("link", fail), ("gate", gate)], policy=policy):
        feed.send(0)
        wait_for(lambda: policy.failed)
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
    assert gate.seen[0].is_cut


def test_a_stage_that_fails_ends_it_if_nobody_takes_care() -> None:
    feed = Feed()
    with running(feed, Tape(), [("restore", fail)]) as pipeline:
        feed.send(0)
        with pytest.raises(RuntimeError, match="the model broke"):
            pipeline.wait(PATIENCE_S)


def test_stages_set_while_one_of_the_old_ones_fails_are_kept() -> None:
    feed, tape, gate, policy = Feed(), Tape(), Gate(), LeaveOut()
    with running(feed, tape, [("gate", gate), ("old", fail)], policy=policy) as pipeline:
        feed.send(0)
        wait_for(lambda: gate.seen)
        pipeline.set_stages([("brighten", brighten)])
        gate.open()
        wait_for(lambda: pipeline.meter.read(0).drops.get("failed") == 1)
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
    assert policy.failed == []
    assert tape.frames[-1].y[0, 0] == CARD.y[0, 0] + 50


def test_a_pause_closes_the_source_and_shows_the_card() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape) as pipeline:
        feed.send(0)
        wait_for(lambda: tape.pictures == [0])
        pipeline.pause()
        feed.send(1)
        wait_for(lambda: not feed.is_open)
        wait_for(lambda: tape.frames[-1] is CARD)
        assert pipeline.is_paused
    assert tape.pictures == [0]


def test_a_pause_hides_the_picture_even_while_the_source_blocks() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape) as pipeline:
        feed.send(0)
        wait_for(lambda: tape.pictures == [0])
        pipeline.pause()
        assert pipeline.latest() is None
        wait_for(lambda: tape.frames[-1] is CARD)
        assert feed.is_open


def test_a_frame_that_was_finished_before_the_pause_is_not_shown_in_it() -> None:
    feed, tape, gate = Feed(), Tape(), Gate()
    shown: list[int] = []
    with running(feed, tape, [("gate", gate)]) as pipeline:
        put = pipeline._finished.put

        def pause_first(value: Result) -> bool:
            pipeline.pause()  # the worker has already looked whether it is paused
            shown.append(len(tape.frames) + 1)  # one may be on its way
            return put(value)

        pipeline._finished.put = pause_first  # type: ignore[method-assign]
        feed.send(0)
        gate.open()
        wait_for(lambda: shown and len(tape.frames) > shown[0] + 1)
    assert all(frame is CARD for frame in tape.frames[shown[0] :])


def test_a_resume_opens_the_source_again() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape) as pipeline:
        feed.send(0)
        wait_for(lambda: tape.pictures == [0])
        pipeline.pause()
        feed.send(1)
        wait_for(lambda: not feed.is_open)
        pipeline.resume()
        feed.send(2)
        wait_for(lambda: tape.pictures == [0, 2])
    assert feed.opened == 2


def test_a_pause_and_a_resume_cut_the_back_off_short() -> None:
    feed, tape, policy = Feed(), Tape(), Patient(delay_s=3600)
    with running(feed, tape, policy=policy) as pipeline:
        feed.fail()
        wait_for(lambda: policy.attempts)
        pipeline.pause()
        pipeline.resume()
        feed.send(0)
        wait_for(lambda: tape.pictures == [0])


def test_a_pause_while_the_source_is_being_opened_in_vain_does_not_wait_for_the_back_off() -> None:
    feed, policy = Feed(), Patient(delay_s=3600)
    tape = Tape()
    feed.opening_error = SourceError("busy")
    is_first = threading.Semaphore(1)

    def make_source() -> Feed:
        if is_first.acquire(blocking=False):
            pipeline.pause()  # the capture worker has just seen that nobody paused
        return feed

    pipeline = Pipeline(make_source, [], tape, size=SIZE, fps=200, placeholder=CARD, policy=policy)
    pipeline.start()
    wait_for(lambda: policy.attempts)
    feed.opening_error = None
    pipeline.resume()
    feed.send(0)
    wait_for(lambda: tape.pictures == [0])
    feed.end()
    pipeline.stop()


def test_a_pause_just_before_the_source_is_opened_leaves_it_closed() -> None:
    feed, tape = Feed(), Tape()
    pipeline = Pipeline(lambda: feed, [], tape, size=SIZE, fps=200, placeholder=CARD)
    clear, is_first = pipeline._reopening.clear, threading.Semaphore(1)

    def pause_and_clear() -> None:
        if is_first.acquire(blocking=False):
            pipeline.pause()  # the capture worker has waited for a resume, and forgets what was before
        clear()

    pipeline._reopening.clear = pause_and_clear  # type: ignore[method-assign]
    pipeline.start()
    wait_for(lambda: len(tape.frames) > 2)
    assert feed.opened == 0
    pipeline.resume()
    feed.send(0)
    wait_for(lambda: tape.pictures == [0])
    feed.end()
    pipeline.stop()
    assert feed.opened == 1


def test_a_stop_while_the_source_is_being_opened_in_vain_does_not_wait_for_the_back_off() -> None:
    feed, policy = Feed(), Patient(delay_s=3600)
    feed.opening_error = SourceError("busy")

    def make_source() -> Feed:
        if stopper.ident is None:
            stopper.start()  # the capture worker has just seen that nobody stopped
            wait_for(pipeline._reopening.is_set)
        return feed

    pipeline = Pipeline(make_source, [], Tape(), size=SIZE, fps=200, placeholder=CARD, policy=policy)
    stopper = threading.Thread(target=pipeline.stop)
    pipeline.start()
    wait_for(lambda: stopper.ident is not None and not stopper.is_alive())
    assert not [thread.name for thread in pipeline._threads if thread.is_alive()]


def test_a_stop_ends_a_back_off() -> None:
    feed, policy = Feed(), Patient(delay_s=3600)
    feed.opening_error = SourceError("busy")
    with running(feed, Tape(), policy=policy) as pipeline:
        wait_for(lambda: policy.attempts)
        pipeline.stop()
        assert not any(thread.is_alive() for thread in pipeline._threads)


def test_a_pipeline_that_never_started_can_be_stopped() -> None:
    pipeline = Pipeline(Feed, [], Tape(), size=SIZE, fps=30, placeholder=CARD)
    pipeline.stop()
    assert pipeline.wait(0)


def test_the_card_can_be_changed_while_it_is_shown() -> None:
    feed, tape, other = Feed(), Tape(), black(SIZE)
    with running(feed, tape) as pipeline:
        wait_for(lambda: tape.frames)
        pipeline.set_placeholder(other)
        wait_for(lambda: tape.frames[-1] is other)


def test_a_source_that_is_opened_on_request_is_tried_soon_again() -> None:
    feed, policy = Feed(), Patient(delay_s=3600)
    feed.opening_error = SourceError("unplugged")
    with running(feed, Tape(), policy=policy) as pipeline:
        for tries in (1, 2, 3):
            wait_for(lambda tries=tries: len(policy.attempts) == tries)
            pipeline.reopen_source()
    assert policy.attempts[:3] == [1, 1, 1]


def test_a_successor_that_comes_while_its_stage_is_left_out_stays() -> None:
    feed, tape = Feed(), Tape()

    class Raced(LeaveOut):
        def stage_failed(self, name: str, error: Exception) -> Stages | None:
            pipeline.set_stages([("restore", brighten)])
            return super().stage_failed(name, error)

    policy = Raced()
    with running(feed, tape, [("restore", fail)], policy=policy) as pipeline:
        feed.send(0, 1)
        wait_for(lambda: policy.failed)
        feed.send(2)
        wait_for(lambda: tape.pictures[-1:] == [2])
        assert tape.frames[-1].y[0, 0] == CARD.y[0, 0] + 50


class Hanging(Tape):
    """A sink whose frames take until the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.is_sending, self.may_end = threading.Event(), threading.Event()

    def send(self, frame: Frame) -> None:
        self.is_sending.set()
        assert self.may_end.wait(PATIENCE_S)
        super().send(frame)


def test_a_stop_returns_when_nothing_is_being_sent_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its caller closes the sink then: a thread that others kept from the processor must not send into it."""
    monkeypatch.setattr("vcam.pipeline.pipeline.JOIN_S", 0.01)
    sink, stopped_after = Hanging(), []
    pipeline = Pipeline(Feed, [], sink, size=SIZE, fps=FPS, placeholder=CARD)
    pipeline.start()
    assert sink.is_sending.wait(PATIENCE_S)
    stopper = threading.Thread(target=lambda: (pipeline.stop(), stopped_after.append(len(sink.frames))))
    stopper.start()
    stopper.join(0.1)  # ten times as long as the other threads are waited for
    assert stopper.is_alive()
    sink.may_end.set()
    stopper.join(PATIENCE_S)
    assert stopped_after == [1]


def test_a_sink_that_hangs_is_left_alone_at_last_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("vcam.pipeline.pipeline.JOIN_S", 0.01)
    monkeypatch.setattr("vcam.pipeline.pipeline.SEND_S", 0.01)
    sink = Hanging()
    pipeline = Pipeline(Feed, [], sink, size=SIZE, fps=FPS, placeholder=CARD)
    pipeline.start()
    assert sink.is_sending.wait(PATIENCE_S)
    pipeline.stop()
    sink.may_end.set()
    assert "the output thread hangs and is left alone" in caplog.text
