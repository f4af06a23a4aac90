from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stand_in import write_experts

from vcam.errors import ModelError
from vcam.frame import Frame
from vcam.restore import Engine, Model, Restorer, to_cells, to_strips
from vcam.restore.chroma import restore_chroma
from vcam.restore.model import Nothing, on_steps
from vcam.restore.tuning import LOOK_EVERY

CPU = Engine("cpu", threads=1)
SIZE = (64, 48)


def grey(value: int, is_cut: bool = False) -> Frame:
    width, height = SIZE
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    return Frame(np.full((height, width), value, np.uint8), chroma, chroma, is_cut=is_cut)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """On black it adds 10, on white it takes 10 away; its crisp look adds 30 and takes 50."""
    return Model(write_experts(tmp_path, "two", [138, 118, 158, 78], looks=2), tmp_path, CPU)


@pytest.mark.parametrize(("value", "expected"), [(0, 10), (255, 245)])
def test_the_gauge_chooses_the_experts(model: Model, value: int, expected: int) -> None:
    assert (Restorer(model, SIZE)(grey(value)).y == expected).all()


def test_nothing_is_done_where_the_experts_have_next_to_no_share(model: Model) -> None:
    cells = to_cells(grey(0).y, 4)
    nothing = model.network(np.array([0.02, 0.02], np.float32))
    assert isinstance(nothing, Nothing)
    assert (nothing.residual(cells) == 128).all()
    assert nothing.residual(cells).shape == model.residual(cells).shape


def test_steps_of_shares_keep_the_share_of_doing_nothing() -> None:
    assert on_steps(np.array([0.26, 0.24], np.float32), 8).tolist() == [0.25, 0.25]
    assert on_steps(np.array([0.49, 0.51], np.float32), 8).tolist() == [0.5, 0.5]
    assert on_steps(np.array([0.01, 0.02], np.float32), 8).tolist() == [0, 0]


@pytest.mark.parametrize(("crispness", "expected"), [(0.0, 10), (0.25, 15), (0.5, 20), (1.0, 30)])
def test_crispness_mixes_the_looks(model: Model, crispness: float, expected: int) -> None:
    assert (Restorer(model, SIZE, crispness=crispness)(grey(0)).y == expected).all()


def test_crispness_changes_while_it_runs(model: Model) -> None:
    restore = Restorer(model, SIZE)
    restore(grey(0))
    restore.crispness = 1
    assert (restore(grey(0)).y == 30).all()
    restore.crispness = 0
    assert (restore(grey(0)).y == 10).all()


def test_a_model_of_one_look_leaves_crispness_without_effect(tmp_path: Path) -> None:
    plain = Model(write_experts(tmp_path, "one", [138, 118]), tmp_path, CPU)
    assert (Restorer(plain, SIZE, crispness=1)(grey(0)).y == 10).all()


@pytest.mark.parametrize("crispness", [-0.1, 1.1, float("nan")])
def test_a_crispness_out_of_range_is_refused(model: Model, crispness: float) -> None:
    with pytest.raises(ValueError, match=r"crispness .* is outside 0\.\.1"):
        Restorer(model, SIZE, crispness=crispness)


def test_a_cut_is_looked_at_at_once(model: Model) -> None:
    restore = Restorer(model, SIZE)
    restore(grey(0))
    assert (restore(grey(255, is_cut=True)).y == 245).all()


def test_between_looks_the_network_stays(model: Model) -> None:
    restore = Restorer(model, SIZE)
    for _ in range(2 * LOOK_EVERY + 2):  # the last look was at frame 30
        restore(grey(0))
    assert (restore(grey(200)).y == 210).all()  # still the one for black


def test_before_anything_was_seen_all_experts_count_alike(model: Model) -> None:
    cells = to_cells(grey(0).y, 4)
    assert (model.residual(cells) == 128).all()
    np.testing.assert_allclose(model.all_alike, [0.5, 0.5])


def test_a_gauge_of_other_experts_is_refused(tmp_path: Path) -> None:
    spec = replace(write_experts(tmp_path, "two", [138, 118]), experts=3)
    with pytest.raises(
        ModelError, match="gauge of model 'two' knows 2 experts, expected 3; run: make distill"
    ):
        Model(spec, tmp_path, CPU)


def test_experts_without_a_gauge_are_refused(tmp_path: Path) -> None:
    spec = write_experts(tmp_path, "two", [138, 118])
    files = {"int8": spec.files["int8"]}
    with pytest.raises(ModelError, match="model 'two' has no gauge file; run: make distill"):
        Model(replace(spec, files=files), tmp_path, CPU)


def test_a_changed_gauge_is_not_loaded(tmp_path: Path) -> None:
    spec = write_experts(tmp_path, "two", [138, 118])
    (tmp_path / spec.files["gauge"].name).write_bytes(b"something else")
    with pytest.raises(ModelError, match="is not the published file"):
        Model(spec, tmp_path, CPU)


@pytest.mark.parametrize(("rows", "strips"), [(1, 1), (2, 1), (7, 1), (8, 1), (15, 1), (16, 2), (270, 33)])
def test_three_rows_in_eight_are_looked_at(rows: int, strips: int) -> None:
    cells = np.random.default_rng(0).integers(0, 256, (1, rows, 6, 16), dtype=np.uint8)
    found = to_strips(cells)
    assert found.shape == (strips, 3, 6, 16)
    for number in range(strips):
        first = min(8 * number, rows - 1)
        np.testing.assert_array_equal(found[number, 0], cells[0, first])
        np.testing.assert_array_equal(found[number, 2], cells[0, min(8 * number + 2, rows - 1)])


def speckled(luma: int) -> Frame:
    """A grey picture with noisy colours."""
    rng = np.random.default_rng(0)
    u, v = (rng.integers(122, 134, (SIZE[1] // 2, SIZE[0] // 2), dtype=np.uint8) for _ in range(2))
    return replace(grey(luma), u=u, v=v)


def test_chroma_is_cleaned_as_much_as_the_experts_say(tmp_path: Path) -> None:
    spec = write_experts(tmp_path, "experts", [128, 128], chroma=(0.0, 1.5))
    model = Model(spec, tmp_path, CPU)
    spread = {}
    for value in (0, 128, 255):
        restored = Restorer(model, SIZE)(speckled(value))
        expected = restore_chroma(restored.y, speckled(value).u, speckled(value).v, 1.5 * value / 255)
        np.testing.assert_array_equal(restored.u, expected[0])
        np.testing.assert_array_equal(restored.v, expected[1])
        spread[value] = restored.u.std()
    assert spread[0] == speckled(0).u.std()
    assert spread[255] < spread[128] < spread[0]


def test_strength_is_chromas_too(tmp_path: Path) -> None:
    model = Model(write_experts(tmp_path, "experts", [128, 128], chroma=(0.0, 1.5)), tmp_path, CPU)
    frame = speckled(255)
    restored = Restorer(model, SIZE, strength=0.5)(frame)
    np.testing.assert_array_equal(restored.u, restore_chroma(frame.y, frame.u, frame.v, 0.75)[0])


def test_without_strengths_chroma_passes_through(model: Model) -> None:
    restored = Restorer(model, SIZE)(speckled(255))
    np.testing.assert_array_equal(restored.u, speckled(255).u)


def test_nothing_is_done_to_chroma_before_the_damage_is_known(tmp_path: Path) -> None:
    model = Model(write_experts(tmp_path, "experts", [128, 128], chroma=(1.5, 1.5)), tmp_path, CPU)
    assert model.alike.chroma == 0
    assert model.network(np.zeros(2, np.float32)).chroma == 0
