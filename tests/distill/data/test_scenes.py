"""Samples of what becomes of scenes in a camera, a link and fusion over time."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from distill.data.media import Media, list_media
from distill.data.pack import Samples, join_samples
from distill.data.scenes import SIDES, Scenes, compose, context_planes
from vcam.frame import Frame
from vcam.metrics import psnr
from vcam.restore.fusion import AGE_UNIT, NOISE_UNIT, Fusion


@pytest.fixture
def stills(media_folder: Path) -> Media:
    return Media(tuple(path for path in list_media([media_folder]).stills if "still" in path.name), ())


def draw_from(media: Media, seeds: range) -> Samples:
    return join_samples([Scenes(media, 128, 96)(np.random.default_rng(seed)) for seed in seeds])


def test_a_sample_is_seen_true_and_what_fusion_knows(stills: Media) -> None:
    found = draw_from(stills, range(6))
    assert found.clips.shape[1:] == (1, SIDES, 1, 96, 96)
    assert found.clips.dtype == np.uint8
    assert len(found.clips) == len(found.kinds) >= 6


def test_the_same_seed_draws_the_same_samples(stills: Media) -> None:
    np.testing.assert_array_equal(draw_from(stills, range(3)).clips, draw_from(stills, range(3)).clips)


def test_some_cells_are_old_and_some_are_not(stills: Media) -> None:
    ages = draw_from(stills, range(24)).clips[:, 0, 2, 0]
    assert (ages == 0).mean() > 0.1
    assert (ages > 4 * AGE_UNIT).mean() > 0.02


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    found = Scenes(Media((broken,), ()), 128, 96)(np.random.default_rng(0))
    assert len(found.clips) == 0
    assert found.skipped == (str(broken),)


def picture(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
    return cv2.resize(coarse, (300, 300), interpolation=cv2.INTER_CUBIC)


def test_backgrounds_mostly_stand_still_behind_what_moves() -> None:
    is_still = []
    for seed in range(30):
        frames = compose([picture(0), picture(1)], 128, 12, np.random.default_rng(seed))
        changes = [abs(now.y.astype(int) - frames[0].y).max(0).max() for now in frames[1:]]
        parts = np.array([abs(now.y.astype(int) - frames[0].y) > 2 for now in frames[1:]]).any(0)
        is_still.append(parts.mean() < 0.9)
        assert len(changes) == 11
    assert np.mean(is_still) > 0.5


def test_context_is_told_in_the_units_of_fusion() -> None:
    rng, fusion = np.random.default_rng(0), Fusion()
    grey = np.full((48, 48), 128, np.uint8)
    truth = np.full((96, 96), 120, np.uint8)
    for number in range(30):
        noisy = np.clip(np.rint(truth + rng.normal(0, 5, truth.shape)), 0, 255).astype(np.uint8)
        fused = fusion(Frame(noisy, grey, grey, number))
    age, noise = context_planes(fused)
    assert age.shape == noise.shape == truth.shape
    assert np.median(age) / AGE_UNIT > 3
    assert np.median(noise) / NOISE_UNIT == pytest.approx(5, rel=0.25)
    assert psnr(fused.frame.y, truth) > psnr(noisy, truth) + 4
    unfused = context_planes(fused, fuses=False)
    assert not np.any(unfused)
