from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from talking_head import FPS, Film

from distill.data import (
    Media,
    Pairs,
    cut_clip,
    list_media,
    make_pairs,
    pack_shards,
    pan_still,
    read_clip,
    split,
)
from vcam.errors import SourceError
from vcam.frame import Frame, Size, pack, to_bgr
from vcam.metrics import psnr


def write_clip(path: Path, frames: list[Frame]) -> Path:
    """A clip at near lossless quality."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", FPS, options={"crf": "4"})
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(VideoFrame.from_ndarray(pack(frame), format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def load(paths: list[Path]) -> list[Pairs]:
    return [np.load(path) for path in sorted(paths)]


def media_of(count: int) -> Media:
    return Media(
        tuple(Path(f"still{k}.png") for k in range(count)), tuple(Path(f"clip{k}.mp4") for k in range(count))
    )


def test_stills_and_clips_are_found_below_the_folder_in_order(media_folder: Path) -> None:
    (media_folder / "deeper" / "CLIP.MP4").write_bytes(b"")
    media = list_media([media_folder])
    assert names(media.clips) == ["CLIP.MP4"]
    assert len(media.stills) == 13
    assert list(media.stills) == sorted(media.stills)


def test_a_missing_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no folder .*nowhere; .*DATA=folder"):
        list_media([tmp_path / "nowhere"])


def test_a_folder_without_media_is_refused_with_the_endings(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(SourceError, match=r"no stills or clips below .*expected files ending in .*\.mp4"):
        list_media([tmp_path])


@pytest.mark.parametrize("every", [2, 5, 20])
def test_validation_files_are_kept_out_of_training(every: int) -> None:
    media = media_of(40)
    train, held = split(media, every)
    for kind in ("stills", "clips"):
        trained, kept, all_of_them = (getattr(part, kind) for part in (train, held, media))
        assert not set(trained) & set(kept)
        assert set(trained) | set(kept) == set(all_of_them)
        assert len(kept) == 40 // every


def test_too_few_files_are_validated_on_as_well() -> None:
    media = Media((), (Path("talk.mp4"),))
    assert split(media, 20) == (media, media)


def test_a_split_is_always_the_same() -> None:
    assert split(media_of(30), 7) == split(media_of(30), 7)


@pytest.mark.parametrize("size", [(160, 96), (40, 300), (2000, 1500), (64, 64)])
def test_a_still_of_any_size_becomes_a_clip(size: Size) -> None:
    image = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    frames = pan_still(image, 64, 5, np.random.default_rng(1))
    assert [frame.size for frame in frames] == [(64, 64)] * 5
    assert [frame.index for frame in frames] == list(range(5))


def test_some_clips_of_stills_move_and_some_stand_still(film: Film) -> None:
    image = to_bgr(film(1, (640, 360))[0])
    moves = []
    for seed in range(40):
        frames = pan_still(image, 64, 8, np.random.default_rng(seed))
        moves.append(not np.array_equal(frames[0].y, frames[-1].y))
    assert 0.4 < np.mean(moves) < 0.95  # two thirds; three standard deviations of 40 draws


def test_a_window_is_cut_out_of_a_clip(tmp_path: Path, film: Film) -> None:
    path = write_clip(tmp_path / "clip.mp4", film(20, (160, 96)))
    frames = cut_clip(path, 64, 6, np.random.default_rng(0))
    assert [frame.size for frame in frames] == [(64, 64)] * len(frames)
    assert 1 <= len(frames) <= 6
    assert frames[0].y.std() > 0


def test_a_clip_is_read_whole_and_as_it_is(tmp_path: Path, film: Film) -> None:
    truth = film(20, (160, 96))
    read = read_clip(write_clip(tmp_path / "clip.mp4", truth))
    assert len(read) == 20
    # 45 dB: crf 4; the next frame would have less than 35
    assert all(psnr(a.y, b.y) > 45 for a, b in zip(read, truth, strict=True))


def test_a_clips_first_frames_can_be_read(tmp_path: Path, film: Film) -> None:
    path = write_clip(tmp_path / "clip.mp4", film(20, (160, 96)))
    assert len(read_clip(path, 7)) == 7


def test_what_is_no_clip_has_no_frames(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video")
    assert read_clip(path) == []


def test_pairs_are_of_one_size_and_the_second_is_the_truth(media_folder: Path) -> None:
    media = list_media([media_folder])
    media = Media(tuple(path for path in media.stills if "still" in path.name), ())
    gained = [make_pairs(media, 64, np.random.default_rng(seed)) for seed in range(12)]
    pairs = np.concatenate(gained)
    assert pairs.shape[1:] == (2, 64, 64)
    assert pairs.dtype == np.uint8
    # sharp truth: what is seen of it has less detail in the mean
    seen, truth = (np.mean([cv2.Laplacian(p, cv2.CV_32F).var() for p in pairs[:, k]]) for k in (0, 1))
    assert seen < truth


@pytest.mark.parametrize("name", ["broken.png", "broken.mp4"])
def test_a_broken_file_gives_no_pairs(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"neither picture nor video")
    is_still = path.suffix == ".png"
    media = Media((path,), ()) if is_still else Media((), (path,))
    assert make_pairs(media, 64, np.random.default_rng(0)).shape == (0, 2, 64, 64)


def test_shards_are_the_same_each_time_and_a_missing_one_is_made_again(
    media_folder: Path, tmp_path: Path
) -> None:
    media = list_media([media_folder])
    first = load(list(pack_shards(media, tmp_path / "first", 2, 64, seed=3)))
    again = list(pack_shards(media, tmp_path / "again", 2, 64, seed=3, workers=2))
    kept, lost = sorted(again)
    lost.unlink()
    written_ns = kept.stat().st_mtime_ns
    resumed = load(list(pack_shards(media, tmp_path / "again", 2, 64, seed=3)))
    assert kept.stat().st_mtime_ns == written_ns
    for a, b in zip(first, resumed, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0][:8], first[1][:8])
    assert not list((tmp_path / "again").glob("*.tmp*"))


@pytest.mark.parametrize("change", [{"side": 96}, {"seed": 4}])
def test_shards_made_with_other_settings_are_refused(
    media_folder: Path, tmp_path: Path, change: dict[str, int]
) -> None:
    media = list_media([media_folder])
    settings = {"side": 64, "seed": 3}
    list(pack_shards(media, tmp_path / "pairs", 0, **settings))
    with pytest.raises(SourceError, match="holds pairs made from other data; remove it"):
        list(pack_shards(media, tmp_path / "pairs", 0, **(settings | change)))


def test_shards_made_from_other_media_are_refused(media_folder: Path, tmp_path: Path) -> None:
    media = list_media([media_folder])
    list(pack_shards(media, tmp_path / "pairs", 0, 64, seed=3))
    with pytest.raises(SourceError, match="holds pairs made from other data"):
        list(pack_shards(Media(media.stills[1:], ()), tmp_path / "pairs", 0, 64, seed=3))
