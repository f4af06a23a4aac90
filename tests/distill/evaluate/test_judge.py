from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stand_in import ZERO, write_experts, write_weights
from talking_head import Film

from distill.damage.cameras import Camera
from distill.damage.degradation import Degradation, PoorCamera
from distill.data.media import list_media
from distill.evaluate.degradations import CLEAN, SETS, good_end
from distill.evaluate.judge import (
    Row,
    evaluate,
    hold_out,
    hold_still,
    read_clips,
    summarise,
    worst_clean_frame,
)
from distill.evaluate.tally import MOST_PSNR, Figures
from vcam.frame import Frame, Size, resize
from vcam.link import LinkProfile
from vcam.manifest import read_manifest
from vcam.metrics import psnr, ssim
from vcam.restore import Engine, Model

SIZE: Size = (160, 96)
POOR = {"poor": Degradation(PoorCamera())}


@pytest.fixture
def still(tmp_path: Path) -> Model:
    """A model that changes nothing."""
    write_weights(tmp_path, ["still"])
    return Model(read_manifest(tmp_path)["still"], tmp_path, Engine("cpu", threads=1))


def row(clip: str, gain: float, ssim_gain: float = 0.01) -> Row:
    before = Figures(30.0, 0.8, 40.0, 40.0, 2.0, 3.0, None, None, 31.0, 29.0)
    after = replace(before, psnr_y=30.0 + gain, ssim_y=0.8 + ssim_gain)
    return Row(clip, "x2", 3, before, after, 1.0)


def clip(frames: Sequence[Frame]) -> list[tuple[str, Sequence[Frame]]]:
    return [("talk", frames)]


def test_a_model_that_does_nothing_gains_nothing(still: Model, film: Film) -> None:
    (found,) = evaluate(still, clip(film(16, SIZE)), POOR)
    assert (found.clip, found.degradation) == ("talk", "poor")
    assert (found.psnr_gain, found.ssim_gain) == (0, 0)


def test_the_picture_before_is_the_degraded_one(still: Model, film: Film) -> None:
    truth = film(11, SIZE)
    (found,) = evaluate(still, clip(truth), POOR, seed=3)
    seen = POOR["poor"].apply(truth, np.random.default_rng(3))[10]
    assert found.before.psnr_y == pytest.approx(psnr(seen.y, truth[10].y))
    assert found.before.ssim_y == pytest.approx(ssim(seen.y, truth[10].y))


def test_every_nth_frame_from_the_tenth_on_is_scored(still: Model, film: Film) -> None:
    (found,) = evaluate(still, clip(film(26, SIZE)), POOR, stride=5)
    assert found.frames == 4  # 10, 15, 20, 25


def test_of_a_short_clip_the_last_frame_is_scored(still: Model, film: Film) -> None:
    (found,) = evaluate(still, clip(film(3, SIZE)), POOR)
    assert found.frames == 1


def test_a_scaled_picture_is_judged_at_its_true_size(still: Model, film: Film) -> None:
    scaled = {"x2": Degradation(None, 2, LinkProfile(crf=20))}
    (found,) = evaluate(still, clip(film(12, SIZE)), scaled)
    assert 20 < found.before.psnr_y < 50


def test_a_clean_picture_counts_as_60_db(still: Model, film: Film) -> None:
    (found,) = evaluate(still, clip(film(12, SIZE)), CLEAN)
    assert found.after.psnr_y == MOST_PSNR


def test_each_clip_is_judged_under_each_degradation(still: Model, film: Film) -> None:
    clips = [("a", film(11, SIZE)), ("b", film(11, SIZE))]
    rows = list(evaluate(still, clips, POOR | CLEAN))
    assert [(each.clip, each.degradation) for each in rows] == [
        ("a", "poor"),
        ("a", "clean"),
        ("b", "poor"),
        ("b", "clean"),
    ]


def test_the_summary_is_of_all_rows_and_names_the_worst() -> None:
    found = summarise([row("a", 0.5), row("b", -0.1, 0.03), row("c", 0.2, 0.02)])
    means = {"psnr_gain": 0.2, "ssim_gain": 0.02, "chroma_gain": 0.0, "worst_chroma_gain": 0.0}
    assert found == means | {"worst_psnr_gain": -0.1, "worst_clip": "b", "worst_degradation": "x2"}


def test_the_gain_in_chroma_is_the_mean_of_both_planes() -> None:
    one = row("a", 0.5)
    better = replace(one.after, psnr_u=one.before.psnr_u + 0.6, psnr_v=one.before.psnr_v - 0.2)
    found = summarise([replace(one, after=better), one])
    assert found["chroma_gain"] == pytest.approx(0.1)
    assert found["worst_chroma_gain"] == 0


def test_a_restorer_sees_every_frame_and_scores_from_the_first_on(still: Model, film: Film) -> None:
    (found,) = evaluate(still, clip(film(26, SIZE)), POOR, stride=4, first=12)
    assert found.frames == 4  # 12, 16, 20, 24


def test_what_is_computed_of_a_picture_that_stands_still_is_reported(tmp_path: Path, film: Film) -> None:
    spec = write_experts(tmp_path, "experts", [ZERO, ZERO])
    model = Model(spec, tmp_path, Engine("cpu", threads=1))
    moving, standing = film(16, SIZE), [film(1, SIZE)[0]] * 16
    found = list(evaluate(model, [("moving", moving), ("standing", standing)], CLEAN))
    assert found[0].computed > found[1].computed == 0


def test_a_scene_held_still_keeps_its_time(film: Film) -> None:
    moving = film(3, SIZE)
    held = hold_still(moving)
    assert [frame.captured_ns for frame in held] == [frame.captured_ns for frame in moving]
    assert all(frame.y is moving[0].y for frame in held)


def test_a_dim_room_is_judged_by_its_own_truth(still: Model, film: Film) -> None:
    dim = {"dim": Degradation(Camera(blur_px=0, read_noise=0, quality=None, light=0.5))}
    (found,) = evaluate(still, clip(film(12, SIZE)), dim)
    assert found.after.psnr_y == MOST_PSNR


def test_the_sets_of_the_documents_are_there() -> None:
    assert set(SETS) == {"scaled", "named", "webcam", "clean", "W", "L", "N"}
    assert len(SETS["scaled"]) == 6


def test_links_of_the_good_end_hardly_harm(film: Film) -> None:
    truth = film(12, (320, 192))
    for label, link in good_end(truth[0].size).items():
        found = resize(link.apply(truth, np.random.default_rng(0))[-1], truth[0].size)
        # half of the size costs the finest detail, whatever the codec leaves
        assert psnr(found.y, truth[-1].y) > (36 if " x2 " in label else 42), label


def test_a_rate_of_the_good_end_is_of_the_pixels_that_are_sent() -> None:
    small, large = (good_end(size)["G8 x2 vp8 0.5 bpp"].link for size in ((160, 96), (320, 192)))
    assert small is not None
    assert large is not None
    assert small.kbps == pytest.approx(80 * 48 * 0.5 * 30 / 1000)
    assert large.kbps == pytest.approx(4 * small.kbps)


def test_of_an_undamaged_clip_the_worst_of_all_frames_counts(tmp_path: Path, film: Film) -> None:
    write_weights(tmp_path, ["bright"], ZERO + 2)
    bright = Model(read_manifest(tmp_path)["bright"], tmp_path, Engine("cpu", threads=1))
    white = [replace(frame, y=np.full_like(frame.y, 254)) for frame in film(3, SIZE)]
    white[1] = replace(white[1], y=np.full_like(white[1].y, 100))
    found = worst_clean_frame(bright, "walls", white)
    # 254 can become 255 alone
    assert (found.clip, found.frame) == ("walls", 1)
    assert found.psnr == pytest.approx(psnr(np.full((2, 2), 102, np.uint8), np.full((2, 2), 100, np.uint8)))


def test_held_out_media_are_taken_from_the_first_to_the_last(media_folder: Path) -> None:
    (media_folder / "broken.png").unlink()
    media = list_media([media_folder])
    names = [path.stem for path in media.stills]
    assert [name for name, _ in hold_out(media, 64, 3, 2)] == [names[0], names[6], names[-1]]
    assert [name for name, _ in hold_out(media, 64, 100, 2)] == names
    assert len(names) == 12


def test_held_out_media_give_the_same_clips_each_time(media_folder: Path) -> None:
    media = list_media([media_folder])
    first, second = (list(hold_out(media, 64, 4, 3)) for _ in range(2))
    assert [name for name, _ in first] == [name for name, _ in second]
    assert 1 <= len(first) <= 4
    for (_, a), (_, b) in zip(first, second, strict=True):
        assert all(np.array_equal(x.y, y.y) for x, y in zip(a, b, strict=True))


def test_a_folder_without_clips_of_the_height_gives_none(media_folder: Path) -> None:
    assert list(read_clips(media_folder / "deeper", 480, None)) == []
