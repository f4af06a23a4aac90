"""How much of a residual is added: figures of it, and what is made of them over time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stand_in import confidence_bytes, write_experts

from vcam.errors import ModelError
from vcam.frame import Frame
from vcam.manifest import ModelFile, ModelSpec, sha256_of
from vcam.restore import Engine, Model, Restorer, to_cells
from vcam.restore.confidence import FIGURES, LOOK_EVERY, MOST_CELLS, TOLERANCE, Confident, Figures, figures_of

CPU = Engine("cpu", threads=1)
SIZE = (64, 48)


def cells_of(seed: int, spread: float, size: tuple[int, int] = SIZE) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(128, spread, size[::-1])
    return to_cells(np.clip(noise.round(), 0, 255).astype(np.uint8), 4)


def negative(cells: np.ndarray) -> np.ndarray:
    return (256 - cells.astype(int)).clip(0, 255).astype(np.uint8)


class Script:
    """A model that is as confident as a test says, look by look; the last value stays."""

    has_confidence = True

    def __init__(self, *says: tuple[float, float]) -> None:
        self.says, self.asked = list(says), 0

    def confidence(self, figures: Figures) -> np.ndarray:
        self.asked += 1
        return np.array(self.says[min(self.asked, len(self.says)) - 1], np.float32)


def run(confident: Confident, frames: int, crispness: float = 0.0, network: object = "same") -> list[float]:
    cells = cells_of(0, 5)
    return [confident(network, cells, cells, 1.0, crispness, False) for _ in range(frames)]


def test_figures_tell_detail_that_is_repeated_from_detail_that_is_taken_away() -> None:
    cells = cells_of(0, 5)
    alike, opposed = (figures_of(cells, other, 1.0)[0, -1] for other in (cells, negative(cells)))
    assert alike == pytest.approx(1, abs=0.01)
    assert opposed == pytest.approx(-1, abs=0.01)


def test_figures_are_finite_for_flat_pictures_and_residuals_of_nothing() -> None:
    flat = np.full((1, 3, 5, 20), 128, np.uint8)
    figures = figures_of(flat, flat[..., :16], 0.001)
    assert figures.shape == (1, FIGURES)
    assert np.isfinite(figures).all()


@pytest.mark.parametrize("size", [(16, 4), (4, 16), (8, 8)])
def test_the_smallest_pictures_have_figures(size: tuple[int, int]) -> None:
    cells = cells_of(1, 9, size)
    assert np.isfinite(figures_of(cells, cells, 2.0)).all()


def test_figures_of_a_large_picture_are_those_of_a_part_of_its_rows() -> None:
    size = (1920, 1080)
    assert size[0] * size[1] / 16 > 3 * MOST_CELLS
    cells, residual = cells_of(2, 5, size), cells_of(3, 2, size)
    whole = figures_of(cells[:, ::2], residual[:, ::2], 1.0)
    np.testing.assert_allclose(figures_of(cells, residual, 1.0), whole, atol=0.1)


def test_it_is_estimated_twice_a_second_more_often_at_first_and_when_the_network_changes() -> None:
    model = Script((0.5, 0.5))
    confident = Confident(model)
    asked = []
    for _ in range(3 * LOOK_EVERY):
        run(confident, 1)
        asked.append(model.asked)
    assert [asked.index(count) for count in range(1, 6)] == [0, 1, 3, 7, 15]
    assert model.asked == 6
    run(confident, 1, network="another")
    assert model.asked == 7


def test_a_cut_is_believed_at_once_and_other_changes_with_inertia() -> None:
    settled = [(1.0, 1.0)] * 5
    confident = Confident(Script(*settled, (0.0, 0.0)))
    assert set(run(confident, 2 * LOOK_EVERY)) == {1.0}
    assert run(confident, 1) == [0.5]
    cells = cells_of(0, 5)
    assert confident("same", cells, cells, 1.0, 0.0, True) == 0.0


def test_small_changes_are_left_out_so_that_the_picture_does_not_pump() -> None:
    model = Script((0.5, 0.5), *[(0.5 + 0.9 * TOLERANCE * (-1) ** k, 0.5) for k in range(40)])
    assert set(run(Confident(model), 40 * LOOK_EVERY)) == {0.5}


def test_looks_are_mixed_as_the_user_mixes_them() -> None:
    assert run(Confident(Script((1.0, 0.2))), 1, crispness=0.5) == [pytest.approx(0.6)]


def with_confidence(folder: Path, *values: float) -> ModelSpec:
    """Experts that add 10 to black, and are as confident in each look as told."""
    spec = write_experts(folder, "two", [138, 118, 158, 78], looks=2)
    content = confidence_bytes(list(values))
    (folder / "two-confidence.onnx").write_bytes(content)
    file = ModelFile("two-confidence.onnx", sha256_of(content), 17)
    return replace(spec, files={**spec.files, "confidence": file})


@pytest.mark.parametrize(("confidence", "expected"), [(1.0, 10), (0.5, 5), (0.0, 0)])
def test_so_much_of_the_residual_is_added(tmp_path: Path, confidence: float, expected: int) -> None:
    model = Model(with_confidence(tmp_path, confidence, 1.0), tmp_path, CPU)
    chroma = np.full((24, 32), 128, np.uint8)
    black = Frame(np.zeros((48, 64), np.uint8), chroma, chroma)
    assert (Restorer(model, SIZE)(black).y == expected).all()


@pytest.mark.parametrize(
    ("seen", "scale"), [((64, 48), 1), ((128, 48), 1), ((64, 96), 1), ((32, 48), 2), ((32, 24), 2)]
)
def test_what_is_cut_off_does_not_count_for_the_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: tuple[int, int], scale: float
) -> None:
    model, asked = Model(with_confidence(tmp_path, 1.0, 1.0), tmp_path, CPU), []
    monkeypatch.setattr(model, "confidence", lambda figures: asked.append(figures) or np.ones(2, np.float32))
    width, height = seen
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    Restorer(model, SIZE)(Frame(np.zeros((height, width), np.uint8), chroma, chroma))
    assert asked[0][0, 0] == np.log2(scale)


def test_a_model_without_it_is_believed(tmp_path: Path) -> None:
    spec = write_experts(tmp_path, "two", [138, 118])
    model = Model(spec, tmp_path, CPU)
    assert not model.has_confidence
    assert model.confidence(np.zeros((1, FIGURES), np.float32)).tolist() == [1.0]


def test_a_file_for_another_number_of_looks_is_refused(tmp_path: Path) -> None:
    spec = with_confidence(tmp_path, 1.0)
    with pytest.raises(ModelError, match=rf"makes 1 values of {FIGURES} figures, expected 2 of {FIGURES}"):
        Model(spec, tmp_path, CPU)
