from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stand_in import ZERO, write_experts, write_weights
from talking_head import Film

from distill.evaluate.baselines import Unsharp, filters, sharpen, shipped
from distill.evaluate.contenders import upscale
from vcam.errors import ModelError
from vcam.frame import Size, resize
from vcam.restore import Engine, Model, Restorer

SIZE: Size = (160, 96)
HALF: Size = (80, 48)


def test_the_filters_give_frames_of_the_output_size(film: Film) -> None:
    seen = [resize(frame, HALF) for frame in film(3, SIZE)]
    for contender in filters():
        restored = list(contender.restore(seen, SIZE, [0, 2]))
        assert [frame.size for frame in restored] == [SIZE, SIZE]
        assert [frame.index for frame in restored] == [0, 2]
        assert contender.network_run(SIZE) is None


def test_the_first_filter_is_the_input(film: Film) -> None:
    seen = [resize(film(1, SIZE)[0], HALF)]
    (restored,) = filters()[0].restore(seen, SIZE, [0])
    assert filters()[0].name == "bicubic"
    assert np.array_equal(restored.y, upscale(seen[0], SIZE).y)


def test_an_unsharp_mask_steepens_an_edge_and_leaves_flat_areas() -> None:
    edge = np.full((32, 32), 60, np.uint8)
    edge[:, 16:] = 180
    sharp = sharpen(edge, 0.3, 1.0)
    assert sharp[:, 15].max() < 60 < 180 < sharp[:, 16].min()
    assert (sharp[:, 0] == 60).all()


def test_an_unsharp_mask_leaves_chroma_as_it_is(film: Film) -> None:
    frame = film(1, SIZE)[0]
    (restored,) = Unsharp(0.3, 1.0).restore([frame], SIZE, [0])
    assert np.array_equal(restored.u, frame.u)
    assert not np.array_equal(restored.y, frame.y)


def test_the_contenders_of_a_sweep_have_names_and_keys_of_their_own(tmp_path: Path) -> None:
    write_weights(tmp_path, ["still"])
    contenders = [*filters(), *shipped(tmp_path, threads=1)]
    assert len({contender.name for contender in contenders}) == len(contenders)
    assert len({contender.key for contender in contenders}) == len(contenders)


def test_a_shipped_model_restores_through_the_run_time(film: Film, tmp_path: Path) -> None:
    write_weights(tmp_path, ["bright"], residual=ZERO + 3)
    (contender,) = shipped(tmp_path, threads=1)
    seen = [resize(film(1, SIZE)[0], HALF)]
    (restored,) = contender.restore(seen, SIZE, [0])
    assert np.array_equal(restored.y, upscale(seen[0], SIZE).y + 3)
    run = contender.network_run(SIZE)
    assert run is not None
    run()


def test_other_weights_of_the_same_name_have_another_key(tmp_path: Path) -> None:
    keys = []
    for residual in (ZERO, ZERO + 1):
        write_weights(tmp_path, ["still"], residual)
        keys.append(shipped(tmp_path, threads=1)[0].key)
    assert keys[0] != keys[1]


def test_a_folder_without_models_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no .*manifest\.json"):
        shipped(tmp_path, threads=1)


def test_a_shipped_model_sees_every_frame_in_order_from_the_first(film: Film, tmp_path: Path) -> None:
    spec = write_experts(tmp_path, "experts", [ZERO, ZERO + 8])
    (contender,) = shipped(tmp_path, threads=1)
    dark, bright = (
        replace(frame, y=np.full_like(frame.y, luma))
        for frame, luma in zip(film(2, SIZE), (16, 200), strict=True)
    )
    seen = [dark] * 3 + [bright]
    restorer = Restorer(Model(spec, tmp_path, Engine("cpu", 1)), SIZE)
    expected = [restorer(frame) for frame in seen]
    late, early = contender.restore(seen, SIZE, [3, 1])
    assert np.array_equal(late.y, expected[3].y)
    assert np.array_equal(early.y, expected[1].y)
    assert not np.array_equal(late.y, Restorer(restorer.model, SIZE)(bright).y)  # it follows the damage
