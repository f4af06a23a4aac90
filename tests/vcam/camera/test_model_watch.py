import logging
import os
from pathlib import Path

import pytest
from manual_time import ManualTime
from stand_in import write_weights

from vcam.camera.model_watch import ModelWatch, Snapshot, snapshot_of
from vcam.camera.policy import Health
from vcam.errors import LinkError, ModelError

FOLDER = Path("weights")


class Bench:
    """An ModelWatch whose files and reloads are the test's."""

    def __init__(self) -> None:
        self.clock = ManualTime()
        self.health = Health()
        self.files: Snapshot = ("first",)
        self.looks = 0
        self.reloads: list[float] = []  # seconds since the start
        self.error: Exception | None = None
        self.upkeep = ModelWatch(self.health, self.reload, self.look, self.clock.clock)
        self.upkeep.note_load(self.files)
        self._start_ns = self.clock.now_ns

    def look(self, folder: Path) -> Snapshot:
        assert folder == FOLDER
        self.looks += 1
        return self.files

    def reload(self) -> None:
        self.reloads.append((self.clock.now_ns - self._start_ns) / 1e9)
        self.upkeep.note_load(self.files)
        if self.error:
            raise self.error
        self.health.model_error = ""

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.clock.sleep(0.25)
            self.upkeep.poll(FOLDER)


def test_files_that_stay_are_not_loaded_again() -> None:
    bench = Bench()
    bench.run(60)
    assert bench.reloads == []
    assert bench.looks <= 32, "a look every two seconds"


def test_files_that_changed_are_loaded_once_they_lie_still() -> None:
    bench = Bench()
    bench.run(10)
    bench.files = ("second",)
    bench.run(60)
    assert len(bench.reloads) == 1
    assert 12 <= bench.reloads[0] <= 14.5, "at the second look that finds them so"


def test_a_copy_in_progress_is_let_end() -> None:
    bench = Bench()
    for size in range(20):
        bench.files = ("growing", size)
        bench.run(1.5)
    assert bench.reloads == []
    bench.run(5)
    assert len(bench.reloads) == 1


def test_a_bad_state_is_tried_once_and_named_until_it_is_fixed(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.files, bench.error = ("scrap",), ModelError("sha256 is wrong")
    bench.run(600)
    assert len(bench.reloads) == 1
    assert bench.health.model_error == "sha256 is wrong"
    assert [record.getMessage() for record in caplog.records] == [
        "the weights have changed; kept the old model: sha256 is wrong"
    ]
    bench.files, bench.error = ("first",), None
    bench.run(10)
    assert (len(bench.reloads), bench.health.model_error) == (2, "")


def test_even_a_bug_in_a_load_leaves_the_old_model_running(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.files, bench.error = ("odd",), RuntimeError("no such node")
    bench.run(10)
    assert bench.health.model_error == "no such node"
    assert caplog.records[0].exc_info is not None


def test_a_link_that_cannot_be_made_is_no_models_fault(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.health.stage_errors["link"] = "its encoder failed"
    bench.error = LinkError("no encoder libx264")
    bench.run(11)
    assert bench.health == Health(stage_errors={"link": "no encoder libx264"})
    assert [record.getMessage() for record in caplog.records] == [
        "link is tried again; still without the link: no encoder libx264"
    ]


def test_what_the_user_has_loaded_is_not_loaded_again() -> None:
    bench = Bench()
    bench.files = ("second",)
    bench.upkeep.note_load(bench.files)
    bench.run(60)
    assert bench.reloads == []


def test_a_stage_that_fails_is_tried_again_ever_more_rarely() -> None:
    bench = Bench()
    bench.health.stage_errors["restore"] = "out of memory"
    bench.run(1000)
    assert bench.reloads == pytest.approx([10, 70.25, 370.5, 670.75, 971], abs=1.5)


def test_a_stage_that_ran_for_long_is_tried_soon_again() -> None:
    bench = Bench()
    bench.health.stage_errors["restore"] = "out of memory"
    bench.run(100)
    bench.health.stage_errors.clear()
    bench.run(700)
    bench.health.stage_errors["restore"] = "out of memory"
    bench.run(11)
    assert len(bench.reloads) == 3


def test_a_stage_that_soon_fails_again_is_not_tried_as_if_it_were_new() -> None:
    bench = Bench()
    bench.health.stage_errors["restore"] = "out of memory"
    bench.run(11)
    bench.health.stage_errors.clear()
    bench.run(5)
    bench.health.stage_errors["restore"] = "out of memory"
    bench.run(50)
    assert len(bench.reloads) == 1
    bench.run(15)
    assert len(bench.reloads) == 2


def test_looking_tells_every_change_of_manifest_and_models(tmp_path: Path) -> None:
    write_weights(tmp_path, ["a", "b"])
    states = [snapshot_of(tmp_path)]
    (tmp_path / "a.onnx").write_bytes(b"scrap")
    states.append(snapshot_of(tmp_path))
    os.utime(tmp_path / "manifest.json", ns=(1, 1))
    states.append(snapshot_of(tmp_path))
    (tmp_path / "new").write_bytes((tmp_path / "b.onnx").read_bytes())
    stat = (tmp_path / "b.onnx").stat()
    os.utime(tmp_path / "new", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (tmp_path / "new").replace(tmp_path / "b.onnx")
    states.append(snapshot_of(tmp_path))
    (tmp_path / "b.onnx").unlink()
    states.append(snapshot_of(tmp_path))
    assert len(set(states)) == len(states)


def test_other_files_are_no_change(tmp_path: Path) -> None:
    write_weights(tmp_path, ["a"])
    before = snapshot_of(tmp_path)
    (tmp_path / "MODEL_CARD.md").write_text("words")
    assert snapshot_of(tmp_path) == before


def test_another_folder_is_another_state_even_where_both_are_missing(tmp_path: Path) -> None:
    assert snapshot_of(tmp_path / "one") != snapshot_of(tmp_path / "two")


def test_a_load_that_succeeds_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench()
    bench.files = ("second",)
    bench.run(10)
    assert [record.getMessage() for record in caplog.records] == ["the weights have changed; loaded it again"]
