from dataclasses import replace
from pathlib import Path

import pytest

from distill.recipe import Data
from distill.studies.data.splits import CELEBA_LINES, celeba, div2k, stills
from distill.studies.data.stills import Stills
from vcam.errors import ConfigError

DATA = Data(degradation="bicubic", side=48, kept=32, frames=2, holdout=4)


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def names(draw: object) -> list[str]:
    assert isinstance(draw, Stills)
    return [path.name for path in draw.media.stills]


def test_the_files_of_the_pattern_stand_in(tmp_path: Path) -> None:
    folder = touch(tmp_path / "d", *(f"face{k}.png" for k in range(8)), *(f"tree{k}.png" for k in range(8)))
    data = replace(DATA, pattern="face*|bust*", stand_in="faces of ours")
    parts = stills(data, [folder])
    assert len(names(parts.train)) == 6
    assert len(names(parts.held)) == 2
    assert {name[:4] for name in [*names(parts.train), *names(parts.held)]} == {"face"}
    assert parts.origin == "stand-in: faces of ours"


def test_someones_own_files_are_taken_whatever_they_are_called(tmp_path: Path) -> None:
    folder = touch(tmp_path / "holiday", *(f"img{k}.png" for k in range(8)), "film.mp4")
    parts = stills(replace(DATA, pattern="face*", stand_in="faces of ours"), [folder])
    assert len(names(parts.train)) + len(names(parts.held)) == 8
    assert parts.origin == "8 stills and 1 clips of holiday"


def test_celeba_has_its_official_parts(tmp_path: Path) -> None:
    numbers = (1, 162_770, 162_771, 182_637, 182_638, 202_599)
    folder = touch(tmp_path / "img_align_celeba", *(f"{number:06d}.jpg" for number in numbers))
    parts = celeba(DATA, [folder])
    assert names(parts.train) == ["000001.jpg", "162770.jpg"]
    assert names(parts.held) == ["182638.jpg", "202599.jpg"]
    assert parts.origin.startswith("CelebA aligned")


def test_other_faces_are_brought_to_celebas_height(tmp_path: Path) -> None:
    parts = celeba(DATA, [touch(tmp_path / "faces", "a.png", "b.png")])
    assert isinstance(parts.train, Stills)
    assert parts.train.lines == CELEBA_LINES


def test_div2k_has_its_official_parts(tmp_path: Path) -> None:
    touch(tmp_path / "DIV2K_train_HR", "0001.png", "0800.png")
    touch(tmp_path / "DIV2K_valid_HR", "0801.png", "0900.png")
    parts = div2k(DATA, [tmp_path])
    assert names(parts.train) == ["0001.png", "0800.png"]
    assert names(parts.held) == ["0801.png", "0900.png"]


@pytest.mark.parametrize("source", [stills, celeba, div2k])
def test_a_table_without_a_degradation_is_refused(tmp_path: Path, source: type) -> None:
    with pytest.raises(ConfigError, match=r"names no degradation; set \[data\] degradation"):
        source(replace(DATA, degradation=""), [touch(tmp_path / "d", "a.png")])
