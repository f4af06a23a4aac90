import json
from pathlib import Path

import cv2
import pytest
from stand_in import ZERO, write_weights
from talking_head import talking_head

from bench.faces import LABELS, find_portraits, main, read_labels
from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError

TABLE = "portrait\tskin\tglasses\nann\tdark\tno\nbob\tlight\tyes\ncat\tdark\tyes\n"


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.tsv"
    path.write_text(TABLE)
    return path


def test_each_column_parts_the_portraits_into_groups(labels: Path) -> None:
    assert read_labels(labels) == {
        "skin: dark": ["ann", "cat"],
        "skin: light": ["bob"],
        "glasses: no": ["ann"],
        "glasses: yes": ["bob", "cat"],
    }


def test_our_labels_part_every_portrait_once_a_column() -> None:
    groups = read_labels(LABELS)
    assert list(groups) == ["skin: dark", "skin: light", "skin: medium", "glasses: no", "glasses: yes"]
    skin, glasses = (
        sorted(name for group, names in groups.items() if group.startswith(column) for name in names)
        for column in ("skin", "glasses")
    )
    assert skin == glasses
    assert len(set(skin)) == len(skin) == 40


@pytest.mark.parametrize(
    "text", ["", "portrait\tskin\n", "portrait\nann\n", "portrait\tskin\nann\n", "a,b\n1,2"]
)
def test_what_is_no_table_of_labels_is_refused(labels: Path, text: str) -> None:
    labels.write_text(text)
    with pytest.raises(SourceError, match=r"labels\.tsv is not a table with tabs"):
        read_labels(labels)


def test_portraits_are_found_below_the_folders_and_a_missing_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "ann.PNG").write_bytes(b"")
    assert find_portraits([tmp_path], ["ann"]) == {"ann": tmp_path / "deep" / "er" / "ann.PNG"}
    with pytest.raises(SourceError, match=r"no picture 'bob' below .* \(1 of 2 missing\); name its folder"):
        find_portraits([tmp_path], ["ann", "bob"])


def test_every_look_is_judged_on_every_group(
    labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(("ann", "bob", "cat")):
        cv2.imwrite(str(tmp_path / f"{name}.png"), to_bgr(talking_head(3, (520, 520))[number]))
    write_weights(tmp_path / "weights", ["still"], ZERO)
    options = ["--labels", str(labels), "--weights", str(tmp_path / "weights"), "--threads", "1"]
    assert main([str(tmp_path), *options]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines[0] == "| group | portraits | still: PSNR-Y, SSIM-Y, worst |"
    assert lines[2:] == [
        f"| {group} | {count} | 0.00 dB, 0.0000, 0.00 dB |"
        for group, count in (("skin: dark", 2), ("skin: light", 1), ("glasses: no", 1), ("glasses: yes", 2))
    ]
    assert json.loads(last)["looks"]["still"]["skin: light"]["worst_clip"] == "bob"
    assert main([str(tmp_path), *options, "--models", "nosuch"]) != 0
    assert "no model 'nosuch'" in capsys.readouterr().err
