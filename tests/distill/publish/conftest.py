from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from talking_head import talking_head

from distill.recipe import Data, Recipe
from vcam.conversion.opencv import to_bgr


@pytest.fixture
def recipe(toy: Recipe) -> Recipe:
    return replace(toy, publish="camera", data=Data(side=96, holdout=2, pattern="still*"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two stills: the first to train on, the second to judge by."""
    media = tmp_path / "media"
    media.mkdir()
    for number in range(2):
        cv2.imwrite(str(media / f"still{number}.png"), to_bgr(talking_head(8, (160, 96))[7 * number]))
    return media
