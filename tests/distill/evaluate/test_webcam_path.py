import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from distill.__main__ import main
from distill.data.media import read_clip
from distill.evaluate.contenders import Run
from distill.evaluate.results import read_speeds
from distill.evaluate.speed import PROCESSOR_TIME
from distill.evaluate.webcam import SAMPLE, Webcam, measure_webcam, record, show
from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError
from vcam.frame import Frame, Size, crop_to_aspect, resize

SIZE = (64, 48)


@dataclass
class Copy:
    """Shows each frame as it is, and notes their numbers."""

    name: str = "copy"
    kind: str = "recipe"
    title: str = "copy"
    key: str = "copy"
    seen: list[int] = field(default_factory=list)

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        assert [frame.size for frame in seen] == [size]
        self.seen.append(seen[0].index)
        yield from (seen[index] for index in indices)

    def network_run(self, size: Size) -> Run | None:
        return None

    def note(self, scale: int) -> str:
        return ""


def test_the_display_gets_the_webcams_picture() -> None:
    true = to_bgr(resize(crop_to_aspect(read_clip(SAMPLE, 1)[0], SIZE), SIZE))
    shown = show(Copy(), record(SAMPLE, SIZE, 1)[0], 0)
    assert shown.shape == (48, 64, 3)
    assert np.abs(shown.astype(int) - true).mean() < 6  # JPEG, and colours at half the size twice


def test_no_more_frames_are_shown_than_the_webcam_sends() -> None:
    network = Copy()
    (found,) = measure_webcam([network], Webcam(SIZE, fps=20, seconds=0.5), 3)
    assert (found.contender, found.size, found.threads, found.note) == ("copy", "webcam 64x48", 3, "")
    assert found.fps is not None
    assert 0 < found.fps <= 20 * 1.2  # the last frame is not waited for
    assert found.runs <= 10
    numbers = network.seen[1:]  # the first one warms up
    assert numbers == sorted(set(numbers))


def test_a_slow_network_loses_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Copy()
    slow = network.restore

    def restore(seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        time.sleep(0.1)
        return slow(seen, size, indices)

    monkeypatch.setattr(network, "restore", restore)
    (found,) = measure_webcam([network], Webcam(SIZE, fps=100, seconds=0.5), 1)
    assert found.fps is not None
    assert found.fps < 10
    assert found.runs <= 6


def test_by_the_processors_time_the_webcam_is_the_limit() -> None:
    webcam = Webcam(SIZE, fps=5, seconds=0.3, is_processor_time=True)
    (found,) = measure_webcam([Copy()], webcam, 1)
    assert (found.fps, found.note) == (5.0, PROCESSOR_TIME)


def test_a_file_that_is_no_clip_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.mp4").write_bytes(b"odd")
    with pytest.raises(SourceError, match=r"cannot read a clip from .*odd\.mp4; choose another file"):
        record(tmp_path / "odd.mp4", SIZE)


def webcam(out: Path, *options: str) -> int:
    return main(["--threads", "1", "webcam", "--seconds", "0.2", "--out", str(out), *options])


def test_the_command_writes_what_report_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results" / "webcam.json"
    assert webcam(out, "--only", "cifar-tiny", "--size", "64x48") == 0
    assert "| cifar-tiny |" in capsys.readouterr().out
    (found,) = read_speeds(out)
    assert (found.contender, found.size) == ("cifar-tiny", "webcam 64x48")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--only", "none"], "no network 'none'; choose some of: "),
        (["--size", "63x48"], "--size 63x48: width and height must be even"),
        (["--fps", "0"], "--fps 0 --seconds 0.2: both must be more than 0"),
    ],
)
def test_a_wrong_option_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert webcam(tmp_path / "webcam.json", *options) != 0
    assert told in capsys.readouterr().err


def test_a_damaged_file_of_timings_is_named(tmp_path: Path) -> None:
    (tmp_path / "webcam.json").write_text(json.dumps([{"odd": 1}]))
    with pytest.raises(SourceError, match="run: python -m distill webcam"):
        read_speeds(tmp_path / "webcam.json")
