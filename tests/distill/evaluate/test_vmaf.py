"""libvmaf's figures, and ours beside its own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from talking_head import Film

from distill.evaluate.metrics import ms_ssim
from distill.evaluate.vmaf import score_vmaf
from vcam.errors import ModelError
from vcam.frame import Frame
from vcam.metrics import psnr, ssim

SIZE = (320, 192)


def blurred(frames: Sequence[Frame], sigma: float) -> list[Frame]:
    return [replace(frame, y=cv2.GaussianBlur(frame.y, (0, 0), sigma)) for frame in frames]


def noisy(frames: Sequence[Frame], sigma: float) -> list[Frame]:
    rng = np.random.default_rng(0)
    planes = [np.clip(frame.y + rng.normal(0, sigma, frame.y.shape), 0, 255) for frame in frames]
    return [replace(frame, y=plane.astype(np.uint8)) for frame, plane in zip(frames, planes, strict=True)]


def test_vmaf_falls_with_more_blur(film: Film) -> None:
    truth = film(4, SIZE)
    scores = [score_vmaf(blurred(truth, sigma), truth)["vmaf"][1] for sigma in (0.4, 0.8, 1.6)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)


def test_the_truth_itself_scores_high(film: Film) -> None:
    truth = film(4, SIZE)
    scores = score_vmaf(truth, truth)
    assert len(scores["vmaf"]) == len(scores["vmaf_neg"]) == 4
    assert min(scores["vmaf"][1:]) > 95  # Netflix: an equal picture scores about 97 to 100, by its motion


def test_neg_gives_less_for_mere_contrast(film: Film) -> None:
    truth = film(4, SIZE)
    pairs = zip(truth, blurred(truth, 1.5), strict=True)
    crisp = [replace(frame, y=cv2.addWeighted(frame.y, 1.6, soft.y, -0.6, 0)) for frame, soft in pairs]
    scores = score_vmaf(noisy(crisp, 6), noisy(truth, 2))
    assert scores["vmaf"][1] > scores["vmaf_neg"][1] + 1


def test_psnr_agrees_with_libvmafs(film: Film) -> None:
    truth = film(3, SIZE)
    seen = noisy(truth, 6)
    found = score_vmaf(seen, truth, features=["psnr"])["psnr_y"]
    expected = [psnr(a.y, b.y) for a, b in zip(seen, truth, strict=True)]
    assert found == pytest.approx(expected, abs=1e-4)  # six decimals in its log


def test_ssim_agrees_with_libvmafs(film: Film) -> None:
    truth = film(3, SIZE)
    seen = noisy(truth, 6)
    found = score_vmaf(seen, truth, features=["float_ssim"])["float_ssim"]
    expected = [ssim(a.y, b.y) for a, b in zip(seen, truth, strict=True)]
    # 1e-3: its window's weights are rounded to six decimals, and it halves pictures of 384 lines and more
    assert found == pytest.approx(expected, abs=1e-3)


def test_ms_ssim_agrees_with_libvmafs(film: Film) -> None:
    truth = film(3, SIZE)
    seen = noisy(truth, 6)
    found = score_vmaf(seen, truth, features=["float_ms_ssim"])["float_ms_ssim"]
    expected = [ms_ssim(a.y, b.y) for a, b in zip(seen, truth, strict=True)]
    # 5e-3: it halves through a 9-tap wavelet filter, we over 2x2 pixels as pytorch_msssim does
    assert found == pytest.approx(expected, abs=5e-3)


def test_frames_of_two_sizes_are_refused(film: Film) -> None:
    with pytest.raises(ValueError, match="frames of one size"):
        score_vmaf(film(2, SIZE), film(2, (160, 96)))


def test_an_ffmpeg_without_libvmaf_is_named_with_the_remedy(film: Film, tmp_path: Path) -> None:
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text("#!/bin/sh\necho \"[AVFilterGraph] No such filter: 'libvmaf'\" >&2; exit 8\n")
    ffmpeg.chmod(0o755)
    with pytest.raises(ModelError, match=r"built without libvmaf.*--no-vmaf"):
        score_vmaf(film(1, SIZE), film(1, SIZE), ffmpeg=ffmpeg)


def test_a_missing_ffmpeg_is_named(film: Film, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot run .*nothing"):
        score_vmaf(film(1, SIZE), film(1, SIZE), ffmpeg=tmp_path / "nothing")


def test_a_feature_that_libvmaf_does_not_know_is_an_error(film: Film) -> None:
    with pytest.raises(ModelError, match="could not compute VMAF"):
        score_vmaf(film(1, SIZE), film(1, SIZE), features=["beauty"])
