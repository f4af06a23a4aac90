"""What stays of a recording that cannot be finished."""

import errno
import os
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from full_disk import files_of_at_most

from vcam.errors import SinkError
from vcam.frame import Frame, from_packed
from vcam.sinks.recording import RecordingSink

SIZE = (320, 240)
NAMES = ["talk.mp4", "talk.mkv"]


def noise(seed: int) -> Frame:
    rng = np.random.default_rng(seed)
    return from_packed(rng.integers(16, 235, SIZE[0] * SIZE[1] * 3 // 2, dtype=np.uint8), SIZE)


def seconds_of(path: Path) -> list[float]:
    """When each picture is shown, as far as the file can be played."""
    found = []
    with suppress(av.FFmpegError), av.open(path) as container:
        for frame in container.decode(video=0):
            assert frame.time is not None
            found.append(frame.time)
    return found


def fill(sink: RecordingSink, size: int) -> str:
    """Send more than a file of so many bytes may hold; returns what is said."""
    with files_of_at_most(size), pytest.raises(SinkError) as caught:
        send_noise(sink)
    return str(caught.value)


def send_noise(sink: RecordingSink) -> None:
    for index in range(300):
        sink.send(noise(index))
    sink.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_keeps_what_was_recorded_and_says_where(
    tmp_path: Path, name: str, overwrite: bool
) -> None:
    said = fill(RecordingSink(tmp_path / name, SIZE, 30, overwrite=overwrite), 6_000_000)
    assert "cannot write" in said
    assert said.endswith(f"; what was recorded until then is in {tmp_path / name}")
    assert os.listdir(tmp_path) == [name]
    seconds = seconds_of(tmp_path / name)
    assert len(seconds) > 30
    assert seconds[:3] == pytest.approx([0, 1 / 30, 2 / 30], abs=6e-4)  # mkv counts milliseconds


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_takes_no_older_files_place(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("older")
    said = fill(RecordingSink(tmp_path / name, SIZE, 30, overwrite=True), 6_000_000)
    kept = tmp_path / name.replace(".", " 2.")
    assert said.endswith(str(kept))
    assert (tmp_path / name).read_text() == "older"
    assert seconds_of(kept)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [0, 2_000])
def test_a_disk_that_was_full_from_the_beginning_leaves_no_empty_file(
    tmp_path: Path, name: str, size: int
) -> None:
    said = fill(RecordingSink(tmp_path / name, SIZE, 30), size)
    assert "recorded until then" not in said
    assert os.listdir(tmp_path) == []


def test_a_folder_that_takes_no_name_leaves_the_temporary_one_and_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    sink = RecordingSink(tmp_path / "talk.mkv", SIZE, 30)
    sink.send(noise(0))
    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(SinkError) as caught:
        sink.close()
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".partial"
    assert str(caught.value).endswith(f"; what was recorded until then is in {path}")
    assert len(seconds_of(path)) == 1


@pytest.mark.parametrize("overwrite", [False, True])
def test_only_a_recording_that_may_overwrite_takes_the_older_ones_place(
    tmp_path: Path, overwrite: bool
) -> None:
    (tmp_path / "talk.mp4").write_text("older")
    with RecordingSink(tmp_path / "talk.mp4", SIZE, 30, overwrite=overwrite) as sink:
        sink.send(noise(0))
    assert sink.path.name == ("talk.mp4" if overwrite else "talk 2.mp4")
    assert len(seconds_of(sink.path)) == 1
    assert len(list(tmp_path.iterdir())) == (1 if overwrite else 2)


def test_a_finished_mp4_is_a_plain_one(tmp_path: Path) -> None:
    with RecordingSink(tmp_path / "talk.mp4", SIZE, 30) as sink:
        for index in range(75):
            sink.send(noise(0), index / 30)
    with av.open(tmp_path / "talk.mp4") as container:
        assert container.streams.video[0].frames == 75, "its index has them all"
    assert seconds_of(tmp_path / "talk.mp4") == pytest.approx([index / 30 for index in range(75)], abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_an_error_in_the_block_keeps_it_and_an_abort_does_not(tmp_path: Path, name: str) -> None:
    with suppress(KeyError), RecordingSink(tmp_path / name, SIZE, 30) as sink:
        sink.send(noise(0))
        raise KeyError
    assert len(seconds_of(tmp_path / name)) == 1
    sink = RecordingSink(tmp_path / f"other {name}", SIZE, 30)
    sink.send(noise(0))
    sink.abort()
    sink.close()
    assert os.listdir(tmp_path) == [name]
