from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from other_sums import OtherSums
from talking_head import talking_head

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.networks.cellnet import CellNet
from distill.recipe import Network, Recipe, Training
from distill.training.trainer import Trainer
from vcam.conversion.opencv import to_bgr

SIDE = 64
FRAMES = 3

# what compares results of floating-point networks: .ci/run walks it through several processors' arithmetic
NUMERIC = ("networks", "losses", "export", "training", "studies/networks", "studies/peers")
NUMERIC += ("studies/test_bicubic.py", "studies/test_perceptual_loss.py", "evaluate/test_recipe_network.py")
NUMERIC += ("publish/test_publish_student.py", "publish/test_refit.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if any(item.path.is_relative_to(here / name) for name in NUMERIC):
            item.add_marker(pytest.mark.numeric)


@pytest.fixture(scope="session", autouse=True)
def other_sums(request: pytest.FixtureRequest) -> Iterator[None]:
    """With --other-sums, the arithmetic of a processor that is not here."""
    with OtherSums() if request.config.getoption("--other-sums") else nullcontext():
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are a hundred times slower on two threads whose cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def samples() -> Samples:
    """Easy clips (24, 3, 2, 1, 64, 64): cloth, seen through a lens out of focus; every sixth is clean.

    The cloth moves by a pixel a frame.
    """
    rng = np.random.default_rng(0)
    clips = []
    for index in range(24):
        cloth = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE + FRAMES)).astype(np.float32), (0, 0), 1.0)
        whole = np.clip(128 + 30 * cloth / cloth.std(), 16, 235).astype(np.uint8)
        blurred = whole if index % 6 == 0 else cv2.GaussianBlur(whole, (0, 0), 1.2)
        pair = np.stack([blurred, whole])[:, None]  # (2, 1, S, S + T)
        clips.append(np.stack([pair[..., frame : frame + SIDE] for frame in range(FRAMES)]))
    return Samples(np.stack(clips), np.arange(24, dtype=np.uint8) % len(DAMAGE_CLASSES))


@pytest.fixture(scope="session")
def prepared(samples: Samples) -> Prepared:
    """The samples, to train on and to validate on."""
    return Prepared([samples], samples)


@pytest.fixture(scope="session")
def toy() -> Recipe:
    """A recipe that learns something from `samples` in a second or two."""
    return Recipe(
        "toy",
        network=Network("cellnet", {"cell": 4, "channels": 8, "depth": 1}),
        training=Training(iterations=400, batch=4, crop=48, learning_rate=2e-2, check_every=200),
    )


@pytest.fixture(scope="session")
def student(toy: Recipe, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> CellNet:
    """The toy recipe's student, trained; not to be changed."""
    trained = Trainer(toy, tmp_path_factory.mktemp("toy"), log=lambda line: None).fit(prepared)
    assert isinstance(trained, CellNet)
    return trained


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
