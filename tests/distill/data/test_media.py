import os
import zlib
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from media_files import write_clip
from talking_head import Film

from distill.data.excerpts import LEAST_HELD, Clip, Excerpt, cut_windows, whole
from distill.data.media import Media, cut_clip, list_media, pan_still, read_clip, read_still, select, split
from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError
from vcam.frame import Frame, Size, black
from vcam.metrics import psnr


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


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


def test_a_folder_of_any_name_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "my clips [2026] (best) & more*"
    folder.mkdir()
    still = folder / "a [b].png"
    cv2.imwrite(str(still), np.zeros((64, 64, 3), np.uint8))
    assert list_media([folder]).stills == (still,)
    assert read_still(still).shape == (64, 64, 3)


def test_a_missing_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no folder .*nowhere; .*DATA=folder"):
        list_media([tmp_path / "nowhere"])


def test_a_folder_without_media_is_refused_with_the_endings(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(SourceError, match=r"no stills or clips below .*expected files ending in .*\.mp4"):
        list_media([tmp_path])


def test_media_are_selected_by_any_of_several_patterns(media_folder: Path) -> None:
    media = list_media([media_folder])
    assert names(select(media, "still0?.png|broken*").stills) == [
        "broken.png",
        *(f"still{k:02d}.png" for k in (1, 3, 5, 7, 9)),
        *(f"still{k:02d}.png" for k in (0, 2, 4, 6, 8)),
    ]
    assert select(media, "*.webp") == Media((), ())


@pytest.mark.parametrize("every", [2, 5, 20])
def test_validation_files_are_kept_out_of_training(every: int) -> None:
    media = media_of(40)
    train, held = split(media, every)
    for kind in ("stills", "clips"):
        trained, kept, all_of_them = (getattr(part, kind) for part in (train, held, media))
        assert not set(trained) & set(kept)
        assert set(trained) | set(kept) == set(all_of_them)
        assert len(kept) == 40 // every


def clips_of(folder: Path, film: Film, *lengths: int) -> Media:
    paths = [write_clip(folder / f"{n}.mp4", film(length, (96, 64))) for n, length in enumerate(lengths)]
    return Media((), tuple(paths))


@pytest.mark.parametrize("ending", ["mp4", "mkv", "264"])
def test_of_a_few_clips_the_end_of_each_is_held_out(tmp_path: Path, film: Film, ending: str) -> None:
    paths = [write_clip(tmp_path / f"{n}.{ending}", film(150, (96, 64))) for n in range(2)]
    train, held = split(Media((), tuple(paths)), 20)
    for first, end in zip(train.clips, held.clips, strict=True):
        assert isinstance(first, Excerpt)
        assert isinstance(end, Excerpt)
        assert (first.path, first.end_s) == (end.path, end.begin_s)
        assert (first.frames, end.frames) == (120, 30)


def test_at_least_one_clip_to_judge_by_is_held_out(tmp_path: Path, film: Film) -> None:
    _, held = split(clips_of(tmp_path, film, 60), 20)
    (end,) = held.clips
    assert isinstance(end, Excerpt)
    assert end.frames == LEAST_HELD


def test_a_clip_too_short_to_be_cut_is_trained_on(tmp_path: Path, film: Film) -> None:
    media = clips_of(tmp_path, film, 2 * LEAST_HELD - 1)
    assert split(media, 20) == (media, Media((), ()))


@pytest.mark.parametrize(("stills", "held"), [(1, 0), (2, 1), (9, 1), (10, 2)])
def test_of_a_few_stills_the_last_fifth_is_held_out(stills: int, held: int) -> None:
    media = Media(media_of(stills).stills, ())
    train, judged = split(media, 40)
    assert (len(train.stills), len(judged.stills)) == (stills - held, held)
    assert train.stills + judged.stills == media.stills


@pytest.mark.parametrize("ending", ["mp4", "mkv", "264"])
def test_no_frame_that_is_held_out_is_trained_on(tmp_path: Path, ending: str) -> None:
    """Each frame is as bright as its number: 16 + n."""
    frames = [grey(16 + number) for number in range(100)]
    path = write_clip(tmp_path / f"count.{ending}", frames)
    train, held = split(Media((), (path,)), 20)
    trained, judged = (brightness(part.clips[0]) for part in (train, held))
    assert min(trained) <= 16 + 10
    # the codec and the conversion round levels by up to two code values
    assert max(trained) < min(judged)
    assert min(judged) >= 16 + 76 - 2
    assert max(judged) >= 16 + 97


def grey(luma: int) -> Frame:
    frame = black((64, 64))
    frame.y[:] = luma
    return frame


def brightness(clip: Clip) -> list[int]:
    """The levels that draws from a clip of grey frames show."""
    drawn = [cut_clip(clip, 64, 6, np.random.default_rng(seed)) for seed in range(40)]
    return [int(frame.y.mean().round()) for frames in drawn for frame in frames]


def test_an_excerpt_is_judged_in_windows_that_do_not_overlap(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "count.mp4", [grey(16 + number) for number in range(100)])
    excerpt = replace(unwrap(whole(path)), begin_s=1.0)  # frames 30 to 99
    windows = cut_windows(excerpt, 20)
    assert [window.frames for window in windows] == [20, 20, 20]
    shown = [sorted(set(brightness(window))) for window in windows]
    assert [levels[0] for levels in shown] == pytest.approx([46, 66, 86], abs=2)
    assert [levels[-1] for levels in shown] == pytest.approx([65, 85, 105], abs=2)


def unwrap(excerpt: Excerpt | None) -> Excerpt:
    assert excerpt is not None
    return excerpt


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


def test_a_clip_whose_name_looks_like_an_address_is_read(
    tmp_path: Path, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("2024-05-01T12:30:00.mp4")
    write_clip(tmp_path / path, film(4, (160, 96)))
    monkeypatch.chdir(tmp_path)
    assert len(read_clip(path)) == 4
    assert len(cut_clip(path, 32, 2, np.random.default_rng(0))) == 2


def test_a_pipe_among_the_clips_is_left_out_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert read_clip(tmp_path / "pipe.mp4") == []
    assert cut_clip(tmp_path / "pipe.mp4", 32, 2, np.random.default_rng(0)) == []


def test_a_clip_is_used_up_to_where_its_size_changes(tmp_path: Path) -> None:
    sizes = ((64, 48), (96, 64))
    streams = [write_clip(tmp_path / f"{width}.264", [black((width, height))] * 3) for width, height in sizes]
    path = tmp_path / "both.264"
    path.write_bytes(b"".join(stream.read_bytes() for stream in streams))
    assert {frame.size for frame in read_clip(path)} == {(64, 48)}
    assert {frame.size for frame in cut_clip(path, 32, 6, np.random.default_rng(0))} == {(32, 32)}


def test_one_file_that_cannot_be_read_ends_nothing(tmp_path: Path) -> None:
    """A PNG that claims 40000x40000 pixels, a video that changes its size, one without a decoder."""
    giant = bytearray(cv2.imencode(".png", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    giant[16:24] = (40_000).to_bytes(4, "big") * 2
    giant[29:33] = zlib.crc32(giant[12:29]).to_bytes(4, "big")
    (tmp_path / "giant.png").write_bytes(giant)
    assert read_still(tmp_path / "giant.png") is None
    parts = []
    for size in ((64, 48), (96, 64)):
        with av.open(str(tmp_path / "part.264"), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for _ in range(6):
                container.mux(stream.encode(av.VideoFrame(*size, "yuv420p")))
            container.mux(stream.encode(None))
        parts.append((tmp_path / "part.264").read_bytes())
    (tmp_path / "changes.264").write_bytes(b"".join(parts))
    for seed in range(3):
        assert len(cut_clip(tmp_path / "changes.264", 32, 13, np.random.default_rng(seed))) in range(1, 13)
    assert len(read_clip(tmp_path / "changes.264")) == 6
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>')
    assert read_clip(tmp_path / "a.svg") == []
    assert cut_clip(tmp_path / "a.svg", 32, 4, np.random.default_rng(0)) == []
