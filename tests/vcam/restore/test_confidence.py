"""How much of a residual is added: figures of it, and what is made of them over time."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from stand_in import confidence_bytes, write_experts

from vcam.errors import ModelError
from vcam.frame import Frame
from vcam.manifest import ModelFile, ModelSpec, sha256_of
from vcam.restore import Engine, Model, Restorer, to_cells
from vcam.restore.confidence import FIGURES, LOOK_EVERY, MOST_CELLS, TOLERANCE, Confident, Figures, figures_of
from vcam.restore.fusion import AGE_UNIT

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
    return [share_of(confident, network, crispness) for _ in range(frames)]


def share_of(confident: Confident, network: object, crispness: float, is_cut: bool = False) -> float:
    """Of the next frame."""
    if confident.is_due(network, is_cut):
        cells = cells_of(0, 5)
        confident.look(cells, cells, 1.0)
    return confident.share(crispness)


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


def plain_figures(cells: np.ndarray, residual: np.ndarray, scale: float) -> list[float]:
    """The same without a thought of speed, for a picture that is not thinned out."""
    basis = np.stack([cv2.dct(unit.reshape(4, 4)).reshape(-1) for unit in np.eye(16, dtype=np.float32)])
    picture, change = (
        (part.reshape(-1, part.shape[-1])[:, :16].astype(np.float32) - 128) @ basis
        for part in (cells, residual)
    )
    detail, changed = picture[:, 1:] ** 2, change[:, 1:] ** 2
    quarters = np.array_split(np.argsort(detail.sum(1)), 4)
    told = cells[..., 16:18].reshape(-1, 2).mean(0) - 128
    alike = (picture[:, 1:] * change[:, 1:]).sum() / np.sqrt(detail.sum() * changed.sum() + 1e-6)
    energies = [
        *detail.mean(0),
        *changed.mean(0),
        *(detail[part].sum(1).mean() for part in quarters),
        *((change[part] ** 2).sum(1).mean() for part in quarters),
        (change**2).sum(1).mean(),
    ]
    return [np.log2(scale), told[0] / AGE_UNIT, np.log1p(told[1]), *np.log(np.add(energies, 0.01)), alike]


def test_figures_are_those_that_published_files_were_fitted_to() -> None:
    rng = np.random.default_rng(4)
    cells = rng.normal(128, np.linspace(1, 30, 600)[None, :, None, None], (1, 600, 12, 20)).clip(0, 255)
    cells = cells.astype(np.uint8)
    cells[:, :400] = rng.integers(127, 130, (1, 400, 12, 20))  # many as busy: rounding says which is calmer
    cells[..., 16:] = (140, 133, 0, 0)
    residual = rng.integers(118, 139, (1, 600, 12, 16), np.uint8)
    found = figures_of(cells, residual, 1.5)[0]
    np.testing.assert_allclose(found, plain_figures(cells, residual, 1.5), atol=2e-4)  # sums in float32


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
    assert share_of(confident, "same", 0.0, is_cut=True) == 0.0


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


def restore_moving(
    model: Model, monkeypatch: pytest.MonkeyPatch, script: Script
) -> tuple[list[Frame], list[float]]:
    """A film that never stands still, restored; and the shares of it that were computed."""
    monkeypatch.setattr(model, "confidence", script.confidence)
    restore, rng = Restorer(model, SIZE), np.random.default_rng(5)
    chroma = np.full((24, 32), 128, np.uint8)
    frames, computed = [], []
    for index in range(3 * LOOK_EVERY + 1):
        luma = rng.integers(16, 100, (48, 64), np.uint8)  # dark: the mixture adds something
        frames.append(restore(Frame(luma, chroma, chroma, index, is_cut=index == 0)))
        computed.append(restore.computed)
    return frames, computed


def test_without_confidence_the_network_runs_for_looks_alone_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(with_confidence(tmp_path, 1.0, 1.0), tmp_path, CPU)
    says = [(0.0, 0.0)] * 5 + [(1.0, 1.0)]
    frames, computed = restore_moving(model, monkeypatch, Script(*says))
    assert [index for index, share in enumerate(computed) if share] == [0, 1, 3, 7, 15, *range(30, 46)]
    monkeypatch.setattr("vcam.restore.restorer.LEAST_STRENGTH", -1.0)
    always, computed = restore_moving(model, monkeypatch, Script(*says))
    assert min(computed) == 1.0
    assert frames[-1].y.mean() > frames[29].y.mean() + 3
    for ours, theirs in zip(frames, always, strict=True):
        assert np.array_equal(ours.y, theirs.y)


def test_what_rounds_to_nothing_is_not_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(with_confidence(tmp_path, 1.0, 1.0), tmp_path, CPU)
    _, computed = restore_moving(model, monkeypatch, Script((0.0077, 0.0077)))
    assert computed.count(0.0) == 3 * LOOK_EVERY + 1 - 7
    _, computed = restore_moving(model, monkeypatch, Script((0.008, 0.008)))
    assert computed.count(0.0) == 0


def test_a_cut_that_strength_0_left_out_is_believed_once_something_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(with_confidence(tmp_path, 1.0, 1.0), tmp_path, CPU)
    monkeypatch.setattr(model, "confidence", Script(*[(0.0, 0.0)] * 6, (1.0, 1.0)).confidence)
    restore, rng = Restorer(model, SIZE), np.random.default_rng(5)
    chroma = np.full((24, 32), 128, np.uint8)
    film = [Frame(rng.integers(16, 100, (48, 64), np.uint8), chroma, chroma, index) for index in range(34)]
    for frame in film[:32]:
        restore(frame)
    restore.strength = 0
    restore(replace(film[32], is_cut=True))
    restore.strength = 1
    frame = restore(film[33])
    assert restore.computed == 1
    assert not np.array_equal(frame.y, film[33].y)
    assert not frame.is_cut  # the frame of the cut was handed on as one


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
