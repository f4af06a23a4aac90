from pathlib import Path

import cv2
import numpy as np
import pytest
from media_files import write_clip
from talking_head import Film

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.calls import CallClips
from distill.data.media import Media, list_media
from distill.data.pack import Samples, join_samples


def draw_from(media: Media, seeds: range, frames: int = 1) -> Samples:
    return join_samples([CallClips(media, 64, 48, frames)(np.random.default_rng(seed)) for seed in seeds])


@pytest.fixture
def stills(media_folder: Path) -> Media:
    """The readable ones."""
    return Media(tuple(path for path in list_media([media_folder]).stills if "still" in path.name), ())


@pytest.mark.parametrize("frames", [1, 3])
def test_a_clip_has_its_frames_its_sides_and_one_plane(stills: Media, frames: int) -> None:
    found = draw_from(stills, range(6), frames)
    assert found.clips.shape[1:] == (frames, 2, 1, 48, 48)
    assert found.clips.dtype == found.kinds.dtype == np.uint8
    assert len(found.clips) == len(found.kinds) > 0


def test_the_second_side_is_the_sharper(stills: Media) -> None:
    clips = draw_from(stills, range(12)).clips
    seen, truth = (np.mean([cv2.Laplacian(p, cv2.CV_32F).var() for p in clips[:, 0, k, 0]]) for k in (0, 1))
    assert seen < truth


def test_the_kind_tells_what_was_done(stills: Media) -> None:
    found = draw_from(stills, range(60))
    is_clean = (found.clips[:, :, 0] == found.clips[:, :, 1]).all((1, 2, 3, 4))
    np.testing.assert_array_equal(found.kinds == DAMAGE_CLASSES.index("clean"), is_clean)
    # 60 draws: each kind is drawn with a chance of 0.08 or more
    assert set(found.kinds) == set(range(len(DAMAGE_CLASSES)))


def test_the_same_seed_draws_the_same_clip(stills: Media) -> None:
    first, again = draw_from(stills, range(4), 3), draw_from(stills, range(4), 3)
    np.testing.assert_array_equal(first.clips, again.clips)
    np.testing.assert_array_equal(first.kinds, again.kinds)


def test_clips_are_drawn_from_too(tmp_path: Path, film: Film) -> None:
    media = Media((), (write_clip(tmp_path / "clip.mp4", film(30, (160, 96))),))
    found = draw_from(media, range(6), 3)
    assert len(found.clips) > 0
    assert found.skipped == ()


def test_frames_follow_one_another(tmp_path: Path, film: Film) -> None:
    media = Media((), (write_clip(tmp_path / "clip.mp4", film(30, (160, 96))),))
    truth = draw_from(media, range(6), 5).clips[:, :, 1].astype(int)
    near, far = (np.abs(truth[:, k:] - truth[:, :-k]).mean() for k in (1, 4))
    assert 0 < near < far


@pytest.mark.parametrize("name", ["broken.png", "broken.mp4"])
def test_a_file_that_cannot_be_read_gives_its_name_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"neither picture nor video")
    media = Media((path,), ()) if path.suffix == ".png" else Media((), (path,))
    found = draw_from(media, range(1), 3)
    assert found.clips.shape == (0, 3, 2, 1, 48, 48)
    assert found.skipped == (str(path),)
