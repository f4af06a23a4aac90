"""What was taken before a pause, or from a source before this one, is not shown after it."""

import threading
from collections.abc import Callable

import pytest
from fake_ends import CARD, PATIENCE_S, Feed, Gate, Patient, Tape, running, wait_for

from vcam.pipeline import Pipeline


class SlowFeed(Feed):
    """Opens when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.may_open = threading.Event()
        self.may_open.set()

    def __enter__(self) -> "SlowFeed":
        super().__enter__()
        assert self.may_open.wait(PATIENCE_S), "nobody let the source open"
        return self


def pause_and_resume(feed: Feed, pipeline: Pipeline) -> None:
    pipeline.pause()
    feed.send(2)  # only with its next frame does a source see that it is to be closed
    wait_for(lambda: not feed.is_open)
    pipeline.resume()


def fail(feed: Feed, pipeline: Pipeline) -> None:
    feed.fail()


@pytest.mark.parametrize("interrupt", [pause_and_resume, fail])
def test_a_source_that_was_opened_again_shows_a_card_until_its_first_frame(
    interrupt: Callable[[Feed, Pipeline], None],
) -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape, policy=Patient()) as pipeline:
        feed.send(1)
        wait_for(lambda: tape.pictures == [1])
        interrupt(feed, pipeline)
        wait_for(lambda: feed.opened == 2 and pipeline._is_live)
        count = len(tape.frames)
        wait_for(lambda: len(tape.frames) > count + 1)
        assert pipeline.latest() is None
        assert tape.frames[-1] is CARD


def test_a_quick_resume_does_not_bring_the_picture_of_before_back() -> None:
    feed, tape = Feed(), Tape()
    with running(feed, tape) as pipeline:
        feed.send(1)
        wait_for(lambda: pipeline.latest() is not None)
        pipeline.pause()
        pipeline.resume()  # the source waits for a frame, and has not seen the pause
        assert pipeline.latest() is None


def test_a_frame_that_is_finished_in_a_pause_is_not_kept_for_the_resume() -> None:
    feed, gate, turns = SlowFeed(), Gate(), []
    with running(feed, Tape(), [("gate", gate)]) as pipeline:
        take = pipeline._captured.take
        pipeline._captured.take = lambda timeout_s: turns.append(timeout_s) or take(timeout_s)  # type: ignore
        feed.send(1)
        wait_for(lambda: len(gate.seen) == 1)
        feed.may_open.clear()
        pipeline.reopen_source()
        feed.send(2)
        wait_for(lambda: feed.opened == 2)
        pipeline.pause()  # while the source is being opened, which makes it live again
        feed.may_open.set()
        wait_for(lambda: pipeline._is_live)
        turns.clear()
        gate.open()
        wait_for(lambda: None in turns)  # the worker waits for its next frame
        pipeline.resume()
        assert pipeline.latest() is None
