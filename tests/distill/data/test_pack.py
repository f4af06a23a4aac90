from pathlib import Path

import numpy as np
import pytest

from distill.data.calls import CallClips
from distill.data.media import Media, list_media
from distill.data.pack import (
    SAMPLES_A_SHARD,
    Samples,
    Whole,
    join_samples,
    list_skipped,
    no_samples,
    open_shards,
    pack_shards,
    pack_whole,
)
from vcam.errors import SourceError

SHAPE = (1, 2, 1, 4, 4)


def grey(rng: np.random.Generator) -> Samples:
    """One clip of one shade; every other draw finds nothing, and says so."""
    shade = int(rng.integers(256))
    if shade % 2:
        return no_samples(SHAPE, (f"odd{shade % 3}.png",))
    return Samples(np.full((1, *SHAPE), shade, np.uint8), np.array([shade % 6], np.uint8))


def nothing(rng: np.random.Generator) -> Samples:
    return no_samples(SHAPE, ("bad.png",))


def pack(folder: Path, count: int = 2, seed: int = 3, workers: int = 1, **settings: object) -> list[Path]:
    return sorted(pack_shards(grey, folder, count, seed, settings, workers))


def contents(paths: list[Path]) -> list[tuple[bytes, bytes]]:
    return [(shard.clips.tobytes(), shard.kinds.tobytes()) for shard in open_shards(paths)]


def test_a_shard_has_its_samples_and_their_kinds(tmp_path: Path) -> None:
    (shard,) = open_shards(pack(tmp_path, 1))
    assert shard.clips.shape == (SAMPLES_A_SHARD, *SHAPE)
    np.testing.assert_array_equal(shard.kinds, shard.clips[:, 0, 0, 0, 0, 0] % 6)


def test_a_shard_depends_on_the_seed_and_its_number_alone(tmp_path: Path) -> None:
    first = contents(pack(tmp_path / "first"))
    assert contents(pack(tmp_path / "two workers", workers=2)) == first
    assert contents(pack(tmp_path / "longer", count=3))[:2] == first
    assert contents(pack(tmp_path / "another seed", seed=4)) != first
    assert first[0] != first[1]


def test_a_missing_shard_is_made_again_and_the_others_are_kept(tmp_path: Path) -> None:
    kept, lost = pack(tmp_path)
    before, written_ns = contents([kept, lost]), kept.stat().st_mtime_ns
    lost.unlink()
    assert contents(pack(tmp_path)) == before
    assert kept.stat().st_mtime_ns == written_ns
    assert not list(tmp_path.glob("*.tmp*"))


def test_a_shard_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (path,) = pack(tmp_path, 1)
    before = contents([path])
    # as a kill leaves it: the kinds are there, the clips are half written
    path.rename(path.with_suffix(".tmp.npy"))
    assert contents(pack(tmp_path, 1)) == before


@pytest.mark.parametrize("settings", [{"side": 96}, {"side": 64, "more": 1}, {}])
def test_shards_made_with_other_settings_are_refused(tmp_path: Path, settings: dict[str, object]) -> None:
    pack(tmp_path, 0, side=64)
    with pytest.raises(SourceError, match="holds pairs made from other data; remove it"):
        pack(tmp_path, 0, **settings)


def test_files_that_cannot_be_read_are_passed_over_and_named_once(tmp_path: Path) -> None:
    paths = pack(tmp_path)
    assert [len(shard.kinds) for shard in open_shards(paths)] == [SAMPLES_A_SHARD] * 2
    assert list_skipped(paths) == ["odd0.png", "odd1.png", "odd2.png"]


def test_a_broken_picture_among_good_ones_is_passed_over(media_folder: Path, tmp_path: Path) -> None:
    media = list_media([media_folder])
    broken = [path for path in media.stills if path.name == "broken.png"]
    draw = CallClips(Media((media.stills[-1], *broken), ()), 32, 32, 1)
    paths = list(pack_shards(draw, tmp_path / "pairs", 1, 3, {}))
    assert len(open_shards(paths)[0].kinds) == SAMPLES_A_SHARD
    assert list_skipped(paths) == [str(path) for path in broken]


def test_where_nothing_can_be_read_no_shard_is_opened(tmp_path: Path) -> None:
    paths = list(pack_shards(nothing, tmp_path, 1, 3, {}))
    assert open_shards(paths) == []
    assert list_skipped(paths) == ["bad.png"]


def test_a_whole_set_is_made_once(tmp_path: Path) -> None:
    reads = []

    def read() -> Samples:
        reads.append(1)
        return Samples(np.ones((40, *SHAPE), np.uint8), np.zeros(40, np.uint8))

    paths = [pack_whole(Whole(read), tmp_path, {}) for _ in range(2)]
    assert [len(shard.kinds) for shard in open_shards(paths)] == [40, 40]
    assert reads == [1]


def test_joined_samples_stay_in_order_and_name_a_file_once() -> None:
    parts = [
        Samples(np.full((n, *SHAPE), n, np.uint8), np.full(n, n, np.uint8), ("b.png", "a.png"))
        for n in (1, 2)
    ]
    joined = join_samples(parts)
    assert joined.clips[:, 0, 0, 0, 0, 0].tolist() == joined.kinds.tolist() == [1, 2, 2]
    assert joined.skipped == ("a.png", "b.png")
