import logging
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fake_output import CARD, FakeOutput, S

from vcam.camera.reconnecting_sink import ReconnectingSink, open_sink
from vcam.config import Config
from vcam.errors import SinkError
from vcam.frame import Frame, black
from vcam.sinks import FileSink, NullSink

DAY_S = 86400.0


def test_frames_go_through_while_the_output_is_well() -> None:
    output = FakeOutput()
    kept = output.keep()
    assert output.run(kept, 10) == output.sent == 100
    assert (kept.name, kept.cause, len(output.nodes)) == (output.name, "", 1)


def test_an_output_that_is_not_there_at_the_start_is_an_error() -> None:
    with pytest.raises(SinkError, match="there is no camera"):
        FakeOutput(is_there=False).keep()


def test_a_failed_output_is_closed_and_its_cause_kept_beside_its_name() -> None:
    output = FakeOutput()
    kept = output.keep()
    output.fault = "/dev/video42 is gone"
    assert kept.send(CARD) is False
    assert (kept.cause, kept.name, kept.sink) == ("/dev/video42 is gone", output.name, None)
    assert output.open_nodes == 0


def test_it_is_tried_again_ever_more_slowly() -> None:
    output = FakeOutput()
    kept = output.keep()
    output.fault, output.tries_ns = "gone", []
    lost_ns = output.now_ns + S // 10
    output.run(kept, 60)
    waits = [(b - a) / S for a, b in pairwise([lost_ns, *output.tries_ns])]
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 10, 10, 10, 10], abs=0.101)


def test_an_output_that_is_back_is_taken_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    output = FakeOutput()
    kept = output.keep()
    output.fault = "gone"
    output.run(kept, 30)
    output.fault = ""
    assert output.run(kept, 20) > 95
    assert kept.cause == ""
    assert [record.getMessage() for record in caplog.records] == [
        "waiting for output: gone",
        f"publishing to {output.name}",
    ]


def test_after_a_good_frame_the_next_loss_is_tried_soon_again() -> None:
    output = FakeOutput()
    kept = output.keep()
    for _ in range(3):
        output.fault = "gone"
        output.run(kept, 30)
        output.fault = ""
        output.run(kept, 12)
    output.fault = "gone"
    output.run(kept, 0.1)
    output.fault = ""
    assert output.run(kept, 1) > 3


def test_an_output_that_opens_but_takes_nothing_is_not_tried_without_rest() -> None:
    output = FakeOutput(name="old")
    kept = output.keep()
    output.tries_ns = []
    for node in ("a", "b"):  # never the name that the open node has
        output.name = node
        output.run(kept, 30)
    assert len(output.tries_ns) <= 4


def test_one_that_fails_after_each_first_frame_is_tried_every_half_second_at_most() -> None:
    output = FakeOutput()
    kept = output.keep()
    output.tries_ns = []
    for _ in range(100):
        output.fault = "" if kept.sink is None else "flaps"
        output.run(kept, 0.1)
    assert min(b - a for a, b in pairwise(output.tries_ns)) >= S // 2


def test_one_that_opens_and_never_takes_a_frame_is_tried_ever_more_slowly() -> None:
    class Refusing:
        def send(self, frame: Frame) -> None:
            raise SinkError("it takes nothing")

        def close(self) -> None:
            pass

    output = FakeOutput()

    def open_output() -> Refusing:
        output.tries_ns.append(output.now_ns)
        return Refusing()

    output.run(ReconnectingSink(open_output, clock=output.clock).open(), 60)
    waits = [(b - a) / S for a, b in pairwise(output.tries_ns)]
    assert waits == pytest.approx([0.6, 1, 2, 4, 8, 10, 10, 10, 10], abs=0.101)


def test_a_refusal_of_the_system_while_opening_is_waited_out() -> None:
    output = FakeOutput()
    kept = output.keep()
    output.fault, output.opening_error = "gone", OSError("too many open files")
    output.run(kept, 5)
    assert kept.cause == "too many open files"
    output.fault, output.opening_error = "", None
    output.run(kept, 10)
    assert (kept.cause, output.open_nodes) == ("", 1)


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("gone"), SinkError("gone")])
def test_an_output_that_cannot_even_be_closed_is_let_go(error: Exception) -> None:
    output = FakeOutput(cannot_close=True, closing_error=error)
    kept = output.keep()
    output.fault = "gone"
    kept.send(CARD)
    output.fault = ""
    assert output.run(kept, 2) > 10


def test_the_page_stands_in_until_a_camera_appears() -> None:
    output = FakeOutput(is_there=False, has_page=True)
    kept = output.keep()
    assert output.run(kept, 10) == 100
    assert (kept.name, kept.cause) == ("preview", "")
    assert output.looks <= 5, "a look every two seconds"
    assert len(output.tries_ns) == 1, "a look is no try"
    output.is_there = True
    output.run(kept, 2.1)
    assert (kept.name, output.open_nodes) == (output.name, 1)


def test_the_page_stands_in_for_a_camera_that_vanished_and_the_cause_stays() -> None:
    output = FakeOutput(has_page=True)
    kept = output.keep()
    output.fault, output.is_there = "/dev/video42 is gone", False
    output.run(kept, 5)
    assert (kept.name, kept.cause) == ("preview", "/dev/video42 is gone")
    output.fault, output.is_there = "", True
    output.run(kept, 2.1)
    assert (kept.name, kept.cause) == (output.name, "")


def test_a_camera_that_appears_busy_leaves_the_page_in_its_place() -> None:
    output = FakeOutput(is_there=False, has_page=True)
    kept = output.keep()
    output.is_there, output.fault = True, "it is busy"
    assert output.run(kept, 30) == 300
    assert (kept.name, kept.cause) == ("preview", "it is busy")
    output.fault = ""
    output.run(kept, 10.1)
    assert (kept.name, kept.cause) == (output.name, "")


def test_a_camera_that_appears_busy_is_tried_ever_more_slowly_though_the_page_goes_on() -> None:
    output = FakeOutput(is_there=False, has_page=True)
    kept = output.keep()
    output.is_there, output.fault, output.tries_ns = True, "it is busy", []
    output.run(kept, 60)
    waits = [(b - a) / S for a, b in pairwise(output.tries_ns)]
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 10, 10, 10, 10], abs=0.101)


def test_what_stands_in_is_no_output_to_watch() -> None:
    output = FakeOutput(is_there=False, has_page=True)
    kept = output.keep()
    assert isinstance(kept.sink, NullSink)
    assert kept.output is None
    output.is_there = True
    output.run(kept, 2.1)
    assert kept.output is kept.sink is output.nodes[0]


def test_who_looks_for_watchers_is_told_of_each_move() -> None:
    output = FakeOutput()
    kept = output.keep()
    before = output.moves
    output.fault = "gone"
    output.run(kept, 5)
    assert output.moves == before + 1
    output.fault = ""
    output.run(kept, 10)
    assert output.moves == before + 2


def test_a_released_output_is_closed_and_left_alone_until_it_is_taken_again() -> None:
    output = FakeOutput()
    kept = output.keep()
    before = output.moves
    kept.release()
    assert (output.open_nodes, kept.is_released) == (0, True)
    assert output.moves == before + 1, "who looks for watchers lets go, too"
    assert output.run(kept, 60) == 0
    assert kept.cause == ""
    kept.retake()
    assert output.run(kept, 1) == 10
    assert not kept.is_released


def test_a_release_in_a_back_off_is_left_alone_and_has_no_cause() -> None:
    output = FakeOutput()
    kept = output.keep()
    output.fault = "gone"
    output.run(kept, 0.1)
    kept.release()
    output.fault, output.tries_ns = "", []
    assert output.run(kept, 60) == 0
    assert (output.tries_ns, kept.cause) == ([], "")


def test_an_output_that_is_taken_again_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    output = FakeOutput()
    kept = output.keep()
    assert caplog.records == [], "the start says so"
    kept.release()
    kept.retake()
    output.run(kept, 1)
    assert [record.getMessage() for record in caplog.records] == [f"publishing to {output.name}"]


def test_to_take_again_what_is_not_released_changes_nothing() -> None:
    output = FakeOutput()
    kept = output.keep()
    kept.retake()
    output.run(kept, 5)
    assert len(output.nodes) == 1


def test_a_closed_sink_holds_nothing_and_opens_nothing() -> None:
    output = FakeOutput()
    kept = output.keep()
    output.fault = "gone"
    kept.send(CARD)
    output.fault = ""
    kept.close()
    assert output.run(kept, 60) == output.open_nodes == 0


def test_another_error_than_the_outputs_is_no_mishap() -> None:
    class Wrong:
        def send(self, frame: object) -> None:
            raise ValueError("frame is 64x48")

        def close(self) -> None:
            pass

    with pytest.raises(ValueError, match="64x48"):
        ReconnectingSink(Wrong, lambda: True).open().send(CARD)


@pytest.mark.parametrize("has_page", [False, True])
def test_a_day_of_mishaps_never_ends_it(has_page: bool) -> None:
    rng = np.random.default_rng(7)
    output = FakeOutput(has_page=has_page)
    kept = output.keep()
    published = mishaps = 0
    longest_s = 0.0
    for step_s in rng.uniform(0.1, 1.1, round(DAY_S / 0.6)):
        output.now_ns += round(step_s * S)
        if rng.random() < 0.02:  # every half minute
            output.befall(rng)
            mishaps += 1
        tries = len(output.tries_ns)
        if kept.send(CARD) and kept.name == output.name:
            published += 1
        else:
            longest_s = max(longest_s, output.well_s)
        assert output.open_nodes <= 1
        assert len(output.tries_ns) <= tries + 1
    assert 9 < longest_s < 10 + 1.1, "it comes to the longest wait, and to no longer one"
    assert np.diff(output.tries_ns).min() >= S // 2
    assert mishaps > 2500
    assert published > 40_000


@pytest.mark.parametrize(("spec", "kind"), [("null", NullSink), ("preview", NullSink), ("x.mkv", FileSink)])
def test_what_is_no_camera_is_not_kept(
    spec: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sink = open_sink(Config(sink=spec, size=(64, 48)))
    assert isinstance(sink, kind)
    sink.close()


@pytest.mark.parametrize("name", ["x.mkv", "x.mp4"])
def test_a_recording_of_an_earlier_start_stays(name: str, tmp_path: Path) -> None:
    config = Config(sink=str(tmp_path / name), size=(64, 48))
    for _ in range(3):
        sink = open_sink(config)
        sink.send(black((64, 48)))
        sink.close()
    stem, ending = name.split(".")
    expected = {name, f"{stem} 2.{ending}", f"{stem} 3.{ending}"}
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_a_named_camera_that_is_absent_refuses_the_start() -> None:
    with pytest.raises(SinkError, match="no video device /dev/video99"):
        open_sink(Config(sink="/dev/video99"))
