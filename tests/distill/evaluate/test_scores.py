from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from talking_head import Film

from distill.evaluate.colour import colour_difference
from distill.evaluate.metrics import flicker, ssim_rgb
from distill.evaluate.scores import Scores, append_scores, read_scores, score
from distill.evaluate.vmaf import score_vmaf
from vcam.frame import Frame
from vcam.metrics import mse, psnr, ssim

SIZE = (192, 176)
SCORES = Scores([30.0], [0.9], [0.8], [65.0], None, [70.0], [60.0], 0.5, [40.0], [41.0], [2.0])


def blurred(frame: Frame) -> Frame:
    planes = ((frame.y, 0), (frame.u, 2), (frame.v, 3))
    y, u, v = (cv2.GaussianBlur(plane, (0, 0), 1.0) + np.uint8(extra) for plane, extra in planes)
    return replace(frame, y=y, u=u, v=v)


def test_each_figure_is_that_of_the_scored_frames(film: Film) -> None:
    truth = film(4, SIZE)
    out = [blurred(frame) for frame in truth]
    found = score(out, truth, has_vmaf=False)
    assert found.psnr_y == [psnr(out[k].y, truth[k].y) for k in (0, 2)]
    assert found.ssim_y == [ssim(out[k].y, truth[k].y) for k in (0, 2)]
    assert found.ssim_rgb == [ssim_rgb(out[k], truth[k]) for k in (0, 2)]
    assert found.psnr_u == [psnr(out[k].u, truth[k].u) for k in (0, 2)]
    assert found.psnr_v == [psnr(out[k].v, truth[k].v) for k in (0, 2)]
    assert found.ciede2000 == [colour_difference(out[k], truth[k]) for k in (0, 2)]
    assert found.mse == [mse(out[k].y, truth[k].y) for k in (0, 2)]
    pairs = [[(each[0], each[1]), (each[2], each[3])] for each in (out, truth)]
    assert found.flicker == flicker(*pairs)
    assert found.ms_ssim is not None
    assert found.vmaf is None


def test_equal_frames_count_as_60_db(film: Film) -> None:
    truth = film(2, SIZE)
    assert score(truth, truth, has_vmaf=False).psnr_y == [60]


def test_small_frames_have_no_ms_ssim(film: Film) -> None:
    truth = film(2, (96, 64))
    assert score(truth, truth, has_vmaf=False).ms_ssim is None


def test_vmaf_of_frames_taken_here_and_there_is_that_of_the_whole_clip(film: Film) -> None:
    truth = film(40, SIZE)
    out = [blurred(frame) for frame in truth]
    places = [5, 6, 20, 21, 33, 34]
    found = score([out[k] for k in places], [truth[k] for k in places], has_vmaf=True)
    whole = score_vmaf(out, truth)
    assert found.vmaf is not None
    assert found.vmaf_neg is not None
    # 0.5 of 100: their motion is to the frame after alone, the clip's the smaller of two
    assert found.vmaf == pytest.approx([whole["vmaf"][k] for k in (5, 20, 33)], abs=0.5)
    assert found.vmaf_neg == pytest.approx([whole["vmaf_neg"][k] for k in (5, 20, 33)], abs=0.5)


def test_scores_are_kept_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "results" / "rows.jsonl"
    other = replace(SCORES, flicker=None)
    append_scores(path, "a", SCORES)
    append_scores(path, "b", other)
    assert read_scores(path) == {"a": SCORES, "b": other}
    assert len(path.read_text().splitlines()) == 2


def test_a_line_that_a_kill_cut_off_is_left_out_and_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    append_scores(path, "a", SCORES)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    append_scores(path, "c", SCORES)
    assert list(read_scores(path)) == ["a", "c"]


def test_lines_of_another_shape_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "a", "psnr": 3}\n[]\n7\n')
    assert read_scores(path) == {}
    assert read_scores(tmp_path / "nothing") == {}


def test_scores_hold_nothing_that_json_does_not(tmp_path: Path) -> None:
    append_scores(tmp_path / "rows.jsonl", "a", SCORES)
    assert asdict(read_scores(tmp_path / "rows.jsonl")["a"]) == asdict(SCORES)
