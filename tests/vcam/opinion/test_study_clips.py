"""Studies made of real clips, small and short."""

from pathlib import Path

import av
import numpy as np
import pytest
from stand_in import write_weights
from video_files import write_video

from vcam.config import Config
from vcam.errors import ConfigError, ModelError, SinkError, SourceError
from vcam.frame import Frame, from_packed
from vcam.opinion.encode import write_clip
from vcam.opinion.prepare import Scene, Wish, prepare
from vcam.opinion.study import MEDIA, read_study
from vcam.opinion.systems import find_system, read_clip
from vcam.sources import SAMPLE_PATH

ROOT = Path(__file__).resolve().parents[3]


def wish(weights: Path, b: str = "still", **changes: object) -> Wish:
    config = Config(weights=str(weights), provider="cpu", threads=1)
    a, theirs = (("input", find_system("input", config)), (Path(b).name, find_system(b, config)))
    parts = {"title": "A study", "scenes": [Scene(SAMPLE_PATH, "180p")], "layout": "sequential"}
    return Wish(**{**parts, "a": a, "b": theirs, "box": (160, 120), "seconds": 0.3, **changes})  # type: ignore[arg-type]


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray(format="yuv420p") for picture in container.decode(video=0)]


def noise(count: int, seed: int = 0) -> list[Frame]:
    rng = np.random.default_rng(seed)
    return [
        from_packed(rng.integers(16, 236, (96, 64), np.uint8), (64, 64), index, index * 40_000_000)
        for index in range(count)
    ]


def test_both_clips_of_a_pair_have_the_same_frames_and_differ_in_the_system(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights", ["still"], residual=138)
    study = prepare(tmp_path / "study", wish(tmp_path / "weights"))
    (pair,) = study.of_kind("test")
    a, b = (frames_of(tmp_path / "study" / MEDIA / name) for name in (pair.a, pair.b))
    assert len(a) == len(b) == 9
    assert {frame.shape for frame in (*a, *b)} == {(180, 160)}
    differences = [
        float(np.mean(second[:120].astype(int) - first[:120])) for first, second in zip(a, b, strict=True)
    ]
    assert np.mean(differences) == pytest.approx(10, abs=1)  # what the stand-in adds to every pixel
    assert study.worst_db is not None
    assert study.worst_db > 42


def test_names_on_the_disk_tell_nothing_and_the_study_is_read_back(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights", ["still"])
    study = prepare(tmp_path / "study", wish(tmp_path / "weights"))
    names = [path.name for path in (tmp_path / "study" / MEDIA).iterdir()]
    assert len(names) == 4  # both of the pair, and two for training and gold questions
    assert all(len(name) == 29 and name.endswith(".webm") for name in names)
    assert read_study(tmp_path / "study") == study


def test_gold_questions_have_a_clip_that_is_far_worse_and_one_that_is_the_same(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights", ["still"])
    study = prepare(tmp_path / "study", wish(tmp_path / "weights"))
    worse, same = study.of_kind("gold")
    assert (worse.expected, same.expected, same.a) == (-3, 0, same.b)
    clean, ruined = (frames_of(tmp_path / "study" / MEDIA / name)[0][:120] for name in (worse.a, worse.b))
    detail = [float(np.abs(np.diff(luma.astype(int))).mean()) for luma in (clean, ruined)]
    assert detail[1] < 0.6 * detail[0]  # of a picture of 160x120, which has little


def test_a_folder_of_another_programs_files_is_a_system(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights", ["still"])
    (tmp_path / "theirs").mkdir()
    frames, _ = read_clip(SAMPLE_PATH, 0.3)
    write_clip(tmp_path / "theirs/talk.webm", frames, 30, is_lossless=True)
    study = prepare(
        tmp_path / "study", wish(tmp_path / "weights", str(tmp_path / "theirs"), is_lossless=True)
    )
    (pair,) = study.of_kind("test")
    assert (study.b, study.worst_db) == ("theirs", None)
    assert len(frames_of(tmp_path / "study" / MEDIA / pair.b)) == 9


def test_files_of_another_program_that_lack_frames_or_a_clip_are_refused(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights", ["still"])
    short = tmp_path / "short.mp4"
    write_video(short, 4)
    with pytest.raises(SourceError, match="4 frames, expected the 9"):
        prepare(tmp_path / "study", wish(tmp_path / "weights", str(short)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="each clip needs one of its own name"):
        prepare(tmp_path / "study", wish(tmp_path / "weights", str(tmp_path / "empty")))
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("name", ["celeba-cnn", "nafnet-window", "sharpkd"])
def test_a_published_system_is_one(tmp_path: Path, name: str) -> None:
    system = find_system(name, Config(provider="cpu", threads=1, weights=str(ROOT / "weights")))
    frames, _ = read_clip(SAMPLE_PATH, 0.1)
    restored = system(SAMPLE_PATH, frames, (112, 84))
    assert [frame.size for frame in restored] == [(112, 84)] * 3
    base = find_system("input", Config(weights=str(ROOT / "weights")))(SAMPLE_PATH, frames, (112, 84))
    changed = float(np.abs(restored[1].y.astype(int) - base[1].y).mean())
    assert 0 < changed < 20


def test_a_network_that_is_no_recipes_is_refused(tmp_path: Path) -> None:
    write_weights(tmp_path, ["still"])
    (tmp_path / "recipes").mkdir()
    (tmp_path / "still.onnx").rename(tmp_path / "recipes/other.onnx")
    with pytest.raises(ModelError, match="is not the network of a recipe"):
        find_system("other", Config(weights=str(tmp_path)))


def test_an_unknown_system_is_answered_with_the_one_that_was_meant(tmp_path: Path) -> None:
    write_weights(tmp_path, ["fast", "best"])
    with pytest.raises(ConfigError, match="did you mean 'best'"):
        find_system("bset", Config(weights=str(tmp_path)))


def test_a_folder_that_is_there_and_two_clips_of_one_name_are_refused(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights", ["still"])
    with pytest.raises(ConfigError, match="there already"):
        prepare(tmp_path, wish(tmp_path / "weights"))
    twice = [Scene(SAMPLE_PATH), Scene(tmp_path / "talk.mkv")]
    with pytest.raises(ConfigError, match="two clips have one name"):
        prepare(tmp_path / "study", wish(tmp_path / "weights", scenes=twice))


def test_clips_are_shown_at_their_own_times(tmp_path: Path) -> None:
    path = tmp_path / "x.webm"
    write_clip(path, noise(4), 25, is_lossless=True)
    with av.open(str(path)) as container:
        times = [float(picture.time) for picture in container.decode(video=0)]  # type: ignore[arg-type]
    assert times == pytest.approx([0, 0.04, 0.08, 0.12], abs=0.0011)


def test_an_encoding_that_people_would_see_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.opinion.encode.NEAR_LOSSLESS", {"crf": "60", "b": "0", "deadline": "realtime"})
    with pytest.raises(SinkError, match=r"expected 42 or more.*add --lossless"):
        write_clip(tmp_path / "x.webm", noise(4), 25)
