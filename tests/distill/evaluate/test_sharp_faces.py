"""How sharp faces are, on the clip of a person that comes with the program."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from stand_in import ZERO, write_weights

from distill.__main__ import main
from distill.damage.degradation import Degradation
from distill.data.media import read_clip
from distill.evaluate.baselines import filters
from distill.evaluate.centerface import Box
from distill.evaluate.clips import Specimen
from distill.evaluate.faces import SMALLEST, FaceFigures, cut, find_boxes, gradient, judge_faces
from distill.report.faces import faces_table
from vcam.errors import SourceError
from vcam.frame import Frame, Plane, Size

SAMPLES = Path(__file__).resolve().parents[3] / "vcam" / "samples"
CLEAN = {"clean": Degradation()}


@dataclass(frozen=True)
class Changed:
    """A look that does something to each luma plane, by the frame's number."""

    change: Callable[[Plane, int], Plane]
    name: str = "changed"
    kind: str = "filter"
    title: str = "changed"
    key: str = "changed"

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        for index in indices:
            yield replace(seen[index], y=self.change(seen[index].y, index))

    def network_run(self, size: Size) -> None:
        return None

    def note(self, scale: int) -> str:
        return ""


@pytest.fixture(scope="module")
def person() -> list[Frame]:
    return read_clip(SAMPLES / "talk.mp4", 8)


def specimen(frames: Sequence[Frame], name: str = "person") -> Specimen:
    return Specimen(name, "calls", name, 0, lambda: list(frames))


def figures(frames: Sequence[Frame], change: Callable[[Plane, int], Plane]) -> FaceFigures:
    (row,) = judge_faces([Changed(change)], [specimen(frames)], 2, 4, CLEAN)
    assert (row.clip, row.degradation, row.look, row.faces) == ("person", "clean", "changed", 2)
    return row.figures


def test_the_truth_is_as_sharp_as_itself(person: list[Frame]) -> None:
    found = figures(person, lambda luma, _: luma)
    assert (found.ratio, found.projection, found.cosine) == pytest.approx((1, 1, 1))
    assert (found.psnr_y, found.ssim_y, found.flicker) == (60, 1, 0)


def test_half_the_contrast_is_half_of_the_gradients_and_all_of_them_true(person: list[Frame]) -> None:
    found = figures(person, lambda luma, _: (64 + (luma.astype(np.float32) - 64) / 2).astype(np.uint8))
    # whole code values: the fine gradients of skin are rounded
    assert (found.ratio, found.projection) == pytest.approx((0.5, 0.5), abs=0.04)
    assert found.cosine > 0.97


def test_noise_is_sharp_and_untrue(person: list[Frame]) -> None:
    noise = np.random.default_rng(0).normal(0, 8, person[0].y.shape)
    found = figures(person, lambda luma, _: np.clip(luma + noise, 0, 255).astype(np.uint8))
    assert found.ratio > 1.3
    assert found.projection == pytest.approx(1, abs=0.1)
    assert found.cosine < 0.85
    # the noise stands still; what flickers is what is rounded
    assert found.flicker is not None
    assert found.flicker < 0.6


def test_light_that_changes_from_frame_to_frame_flickers_by_its_deviation(person: list[Frame]) -> None:
    found = figures(person, lambda luma, index: luma - np.uint8(index % 2 * 4))
    assert found.flicker == pytest.approx(4 / np.sqrt(2))
    assert found.projection == pytest.approx(1)


def test_what_is_wrong_beside_the_face_does_not_count(person: list[Frame]) -> None:
    def blacken(luma: Plane, _: int) -> Plane:
        out = np.full_like(luma, 16)
        out[80:190, 250:350] = luma[80:190, 250:350]
        return out

    assert figures(person, blacken).projection == pytest.approx(1)


def test_a_blurred_face_keeps_less_of_its_gradients(person: list[Frame]) -> None:
    found = figures(person, lambda luma, _: cv2.GaussianBlur(luma, (0, 0), 2))
    assert found.ratio < 0.7
    assert found.projection < found.cosine


def test_a_gradient_is_in_code_values_a_pixel() -> None:
    ramp = np.tile(np.arange(0, 96, 3, dtype=np.uint8), (16, 1))
    assert np.array_equal(gradient(ramp), np.stack([np.full((14, 30), 3.0), np.zeros((14, 30))]))


def test_a_face_is_cut_at_even_pixels(person: list[Frame]) -> None:
    part = cut(person[0], Box(0.101, 0.1, 0.2, 0.203))
    assert part.size == (64, 50)
    assert np.array_equal(part.y, person[0].y[48:98, 64:128])
    assert np.array_equal(part.u, person[0].u[24:49, 32:64])


def test_a_face_too_small_to_say_something_is_none(person: list[Frame]) -> None:
    (box,) = find_boxes(person[0])
    lines = (box.bottom - box.top) * person[0].height
    shrunk = filters()[0].restore(person, (int(640 * (SMALLEST - 8) / lines) // 2 * 2, 320), [0])
    assert find_boxes(next(iter(shrunk))) == []


def test_a_clip_without_faces_is_named(person: list[Frame]) -> None:
    wall = [replace(frame, y=np.full_like(frame.y, 90)) for frame in person]
    with pytest.raises(SourceError, match=r"no face of 48 lines or more in wall; remove it"):
        list(judge_faces([Changed(lambda luma, _: luma)], [specimen(wall, "wall")], 2, 4, CLEAN))


def test_the_table_has_a_look_a_line_and_its_means_between_slashes(person: list[Frame]) -> None:
    looks = [Changed(lambda luma, _: luma), Changed(lambda luma, _: luma - np.uint8(1), name="other")]
    clips = [specimen(person, "a"), specimen(person, "b")]
    rows = list(judge_faces(looks, clips, 2, 4, {"D2 x": Degradation(), "D4 y": Degradation()}))
    lines = faces_table(rows).splitlines()
    assert lines[0].startswith("| faces, D2 / D4 | ratio | projection | cosine | PSNR-Y |")
    expected = (
        "| changed | 1.00 / 1.00 | 1.00 / 1.00 | 1.00 / 1.00 | 60.0 / 60.0 | 1.000 / 1.000 | 0.00 / 0.00 |"
    )
    assert lines[2] == expected
    assert lines[3].startswith("| other | 1.00 / 1.00 | 1.00 / 1.00 | 1.00 / 1.00 | 48.1 / 48.1 |")


def test_faces_are_judged_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_weights(tmp_path / "weights", ["still"], ZERO)
    out = tmp_path / "faces.jsonl"
    options = ["--set", "faces", "--frames", "5", "--first", "2", "--out", str(out)]
    before = ["--threads", "1", "--weights", str(tmp_path / "weights")]
    assert main([*before, "evaluate", str(SAMPLES), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:-1]] == ["bicubic", "still", "still unsharp 0.8"]
    found = json.loads(lines[-1])
    assert found["boxes"] == {"talk": 1}
    assert found["looks"]["still"] == found["looks"]["bicubic"]
    sharper, plain = (found["looks"][look]["D2 x2 crf30"] for look in ("still unsharp 0.8", "bicubic"))
    assert sharper["ratio"] > plain["ratio"]
    assert len(out.read_text().splitlines()) == 3 * 3
