import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from vcam.adjust.card import LARGEST_FILE, draw_card, read_picture
from vcam.conversion.opencv import from_bgr, to_bgr
from vcam.errors import ConfigError


def write_png(path: Path, width: int = 300, height: int = 200) -> Path:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = 40, 40, 200
    cv2.imwrite(str(path), picture)
    return path


def test_words_are_drawn_as_on_our_own_card() -> None:
    card = draw_card((640, 360), "Back at three", "Lunch")
    assert card.size == (640, 360)
    assert not np.array_equal(card.y, draw_card((640, 360), "", "").y)


def test_a_picture_is_cut_to_the_output_and_never_stretched(tmp_path: Path) -> None:
    card = draw_card((640, 360), "", "", read_picture(write_png(tmp_path / "a.png")))
    assert card.size == (640, 360)
    colours = to_bgr(card)
    assert colours[180, 100, 2] > 150 > 100 > colours[180, 100, 0]  # red, left of the middle
    assert colours[180, 540].max() < 20


def test_words_are_written_over_a_picture() -> None:
    ground = from_bgr(np.zeros((360, 640, 3), np.uint8))
    assert draw_card((640, 360), "Back soon", "", ground).y.max() > 200


def test_a_missing_picture_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_picture(tmp_path / "none.png")


def test_text_is_not_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no picture at all\n" * 50)
    with pytest.raises(ConfigError, match="card_picture"):
        read_picture(path)


def test_a_folder_is_not_a_picture(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="directory"):
        read_picture(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ConfigError, match="pipe"):
        read_picture(tmp_path / "pipe.png")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(ConfigError, match="larger than 16 MiB"):
        read_picture(path)


def test_too_many_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="5000x32"):
        read_picture(write_png(tmp_path / "wide.png", 5000, 32))
