from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from media_files import write_clip
from talking_head import Film

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.media import Media
from distill.studies.data.stills import PATCHES, Stills, bring_to, read_rgb


def write_still(path: Path, size: tuple[int, int] = (90, 70)) -> Path:
    """A red picture with green dots: its planes are far apart."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[..., 2] = 200
    picture[::4, ::4, 1] = 255
    cv2.imwrite(str(path), picture)
    return path


@pytest.fixture
def draw(tmp_path: Path) -> Stills:
    return Stills(Media((write_still(tmp_path / "red.png"),), ()), "gaussian-blur", 48, 32)


def test_a_picture_gives_several_patches(draw: Stills) -> None:
    found = draw(np.random.default_rng(0))
    assert found.clips.shape == (PATCHES, 1, 2, 3, 32, 32)
    assert found.clips.dtype == found.kinds.dtype == np.uint8
    assert found.kinds.tolist() == [DAMAGE_CLASSES.index("camera")] * PATCHES
    assert found.skipped == ()


def test_planes_are_red_green_and_blue(draw: Stills) -> None:
    truth = draw(np.random.default_rng(0)).clips[:, 0, 1]
    red, green, blue = truth.mean((0, 2, 3))
    assert (round(red), round(blue)) == (200, 0)
    assert 0 < green < 30  # every sixteenth pixel is 255


def test_luma_is_a_frames(draw: Stills) -> None:
    truth = replace(draw, luma=True)(np.random.default_rng(0)).clips[:, :, 1]
    assert truth.shape == (PATCHES, 1, 1, 32, 32)
    # BT.601 limited: 16 + 200 * 0.257 of red, 16 + (200 * 0.257 + 255 * 0.504) of red with green
    assert set(np.unique(truth)) == {67, 196}


def test_the_degraded_side_is_blurred_and_no_border_is_seen(draw: Stills) -> None:
    clips = draw(np.random.default_rng(0)).clips
    assert (clips[:, 0, 0, 1].std((1, 2)) < clips[:, 0, 1, 1].std((1, 2))).all()
    # the dots repeat every 4 pixels: inside a picture's blur every cell has the same mean
    for patch in clips[:, 0, 0, 1].astype(float):
        means = patch.reshape(8, 4, 8, 4).mean((1, 3))
        assert np.ptp(means) < 1  # rounding to code values


def test_the_kind_is_the_scale_where_there_is_one(draw: Stills) -> None:
    found = [replace(draw, degradation="bicubic-noise")(np.random.default_rng(seed)) for seed in range(8)]
    kinds = {DAMAGE_CLASSES[kind] for part in found for kind in part.kinds}
    assert kinds == {"x2", "x3", "x4"}


def test_the_same_seed_draws_the_same_patches(draw: Stills) -> None:
    first, again = (draw(np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.clips, again.clips)


def test_a_small_picture_is_scaled_up(tmp_path: Path, draw: Stills) -> None:
    small = replace(draw, media=Media((write_still(tmp_path / "small.png", (30, 20)),), ()))
    assert small(np.random.default_rng(0)).clips.shape == (PATCHES, 1, 2, 3, 32, 32)


@pytest.mark.parametrize(
    ("size", "lines", "expected"),
    [((90, 70), 0, (90, 70)), ((90, 70), 35, (45, 35)), ((90, 70), 200, (90, 70)), ((20, 10), 0, (48, 24))],
)
def test_only_larger_pictures_are_scaled_to_the_lines(
    size: tuple[int, int], lines: int, expected: tuple[int, int]
) -> None:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    assert bring_to(picture, lines, 24).shape == (expected[1], expected[0], 3)


def test_frames_of_clips_serve_where_there_are_no_stills(tmp_path: Path, film: Film, draw: Stills) -> None:
    clip = write_clip(tmp_path / "clip.mp4", film(6, (160, 96)))
    found = replace(draw, media=Media((), (clip,)))(np.random.default_rng(0))
    assert found.clips.shape == (1, 1, 2, 3, 32, 32)
    assert replace(draw, media=Media(draw.media.stills, (clip,)))(np.random.default_rng(0)).clips.shape[0] > 1


@pytest.mark.parametrize("name", ["broken.png", "broken.mp4"])
def test_a_file_that_cannot_be_read_gives_its_name_alone(tmp_path: Path, name: str, draw: Stills) -> None:
    path = tmp_path / name
    path.write_bytes(b"neither picture nor video")
    media = Media((path,), ()) if path.suffix == ".png" else Media((), (path,))
    found = replace(draw, media=media)(np.random.default_rng(0))
    assert found.clips.shape == (0, 1, 2, 3, 32, 32)
    assert found.skipped == (str(path),)


def test_a_still_is_read_as_rgb(tmp_path: Path) -> None:
    picture = read_rgb(write_still(tmp_path / "red.png"))
    assert picture is not None
    assert picture[1, 1].tolist() == [200, 0, 0]
