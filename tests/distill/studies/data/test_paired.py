from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from distill.catalogue import find_split
from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.prepare import prepare
from distill.recipe import Data
from distill.studies.data.paired import PairedStills, find_pairs, match_sizes
from distill.studies.data.splits import paired
from vcam.errors import SourceError

DATA = Data(source="paired", shards=1, held_shards=1, kept=24, frames=1, holdout=3)


def write(path: Path, size: tuple[int, int], seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(40, 216, (size[1], size[0], 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.GaussianBlur(noise, (0, 0), 1.5))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pairs in two scenes; the blurry one is the sharp one, darker by a tenth."""
    for scene in ("street", "room"):
        for number in range(3):
            sharp = write(tmp_path / scene / "sharp" / f"{number}.png", (40, 30), number)
            blurry = tmp_path / scene / "blurry" / sharp.name
            blurry.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(blurry), (cv2.imread(str(sharp)) * 0.9).astype(np.uint8))
    return tmp_path


def test_pairs_are_found_by_their_names_in_every_scene(folder: Path) -> None:
    pairs = find_pairs([folder])
    assert len(pairs.complete) == 6
    assert pairs.alone == ()
    for blurry, sharp in pairs.complete:
        assert (blurry.parent.name, sharp.parent.name) == ("blurry", "sharp")
        assert blurry.name == sharp.name
        assert blurry.parents[1] == sharp.parents[1]


def test_the_folder_of_the_sharp_ones_may_be_named_itself(folder: Path) -> None:
    assert len(find_pairs([folder / "room" / "sharp"]).complete) == 3


def test_both_sides_of_a_patch_are_from_one_place(folder: Path) -> None:
    found = PairedStills(find_pairs([folder]).complete, 24)(np.random.default_rng(0))
    assert found.clips.shape[1:] == (1, 2, 3, 24, 24)
    assert set(found.kinds) == {DAMAGE_CLASSES.index("camera")}
    seen, truth = found.clips[:, 0, 0].astype(float), found.clips[:, 0, 1]
    np.testing.assert_allclose(seen, truth * 0.9, atol=1)  # truncated to code values


def test_files_without_a_partner_are_counted_and_named_once(folder: Path, tmp_path: Path) -> None:
    lonely = [write(folder / "room" / name, (40, 30)) for name in ("sharp/x.png", "blurry/y.png")]
    lines: list[str] = []
    found = prepare(DATA, find_split(DATA, [folder]), tmp_path / "build", 1, lines.append)
    assert f"skipped 2 files without their partner: {lonely[0]}, {lonely[1]}" in lines
    assert found.origin == f"6 pairs of {folder.name}"


@pytest.mark.parametrize(("scale", "kind"), [(2, "x2"), (3, "x3"), (4, "x4")])
def test_a_smaller_blurry_picture_is_scaled_up(tmp_path: Path, scale: int, kind: str) -> None:
    write(tmp_path / "sharp" / "a.png", (48 * scale, 36 * scale))
    write(tmp_path / "blurry" / "a.png", (48, 36))
    found = PairedStills(find_pairs([tmp_path]).complete, 24)(np.random.default_rng(0))
    assert {DAMAGE_CLASSES[number] for number in found.kinds} == {kind}


@pytest.mark.parametrize("size", [(41, 30), (20, 30), (30, 40), (80, 60), (8, 6)])
def test_sizes_that_do_not_fit_are_refused(size: tuple[int, int]) -> None:
    blurry, sharp = (np.zeros((height, width, 3), np.uint8) for width, height in (size, (40, 30)))
    paths = Path("blurry/a.png"), Path("sharp/a.png")
    with pytest.raises(
        SourceError, match=rf"blurry/a\.png is {size[0]}x{size[1]} and .* 40x30: expected equal"
    ):
        match_sizes(blurry, sharp, paths)


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    bad = folder / "room" / "blurry" / "0.png"
    bad.write_bytes(b"no picture")
    pair = next(pair for pair in find_pairs([folder]).complete if pair[0] == bad)
    found = PairedStills((pair,), 24)(np.random.default_rng(0))
    assert found.clips.shape == (0, 1, 2, 3, 24, 24)
    assert found.skipped == (str(bad),)


def test_luma_has_one_plane(folder: Path) -> None:
    draw = PairedStills(find_pairs([folder]).complete, 24, luma=True)
    assert draw(np.random.default_rng(0)).clips.shape[1:] == (1, 2, 1, 24, 24)


def test_held_out_pairs_are_not_trained_on(folder: Path) -> None:
    parts = paired(DATA, [folder])
    assert isinstance(parts.train, PairedStills)
    assert isinstance(parts.held, PairedStills)
    assert (len(parts.train.pairs), len(parts.held.pairs)) == (4, 2)
    assert not set(parts.train.pairs) & set(parts.held.pairs)


def test_of_a_few_pairs_one_is_held_out(folder: Path) -> None:
    parts = paired(replace(DATA, holdout=100), [folder])
    assert isinstance(parts.train, PairedStills)
    assert isinstance(parts.held, PairedStills)
    assert (len(parts.train.pairs), len(parts.held.pairs)) == (5, 1)
    assert not set(parts.train.pairs) & set(parts.held.pairs)


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_pairs_is_refused(tmp_path: Path, make: bool) -> None:
    if make:
        write(tmp_path / "data" / "sharp" / "a.png", (8, 8))
    words = "expected blurry/NAME and sharp/NAME.* but 1 files" if make else "no folder .*data"
    with pytest.raises(SourceError, match=words):
        find_pairs([tmp_path / "data"])
