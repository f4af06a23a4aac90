from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from talking_head import talking_head

from distill.data import Pairs
from distill.networks.cellnet import CellNet
from distill.recipe import Network, Recipe, Training
from distill.train import Trainer
from vcam.frame import to_bgr

SIDE = 64


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are a hundred times slower on two threads whose cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def pairs() -> Pairs:
    """Easy pairs (24, 2, 64, 64): cloth, seen through a lens that is out of focus; every sixth is clean."""
    rng = np.random.default_rng(0)
    made = []
    for index in range(24):
        cloth = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)).astype(np.float32), (0, 0), 1.0)
        truth = np.clip(128 + 30 * cloth / cloth.std(), 16, 235).astype(np.uint8)
        seen = truth if index % 6 == 0 else cv2.GaussianBlur(truth, (0, 0), 1.2)
        made.append(np.stack([seen, truth]))
    return np.stack(made)


@pytest.fixture(scope="session")
def toy() -> Recipe:
    """A recipe that learns something from `pairs` in a second or two."""
    return Recipe(
        "toy",
        network=Network(cell=4, channels=8, depth=1),
        training=Training(iterations=400, batch=4, crop=48, learning_rate=2e-2, check_every=200),
    )


@pytest.fixture(scope="session")
def student(toy: Recipe, pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> CellNet:
    """The toy recipe's student, trained; not to be changed."""
    return Trainer(toy, tmp_path_factory.mktemp("toy"), lambda line: None).fit([pairs], pairs)


@pytest.fixture
def media_folder(tmp_path: Path) -> Path:
    """Twelve sharp stills, and two files that are none."""
    folder = tmp_path / "media"
    (folder / "deeper").mkdir(parents=True)
    for index, frame in enumerate(talking_head(12, (160, 96))):
        place = folder / "deeper" if index % 2 else folder
        cv2.imwrite(str(place / f"still{index:02d}.png"), to_bgr(frame))
    (folder / "LICENSE.txt").write_text("CC0")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder
