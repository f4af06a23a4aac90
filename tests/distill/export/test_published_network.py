from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper
from talking_head import talking_head

from distill.export.cells import _Shipped, export_fp32, export_gauge
from distill.export.reader import read_student
from vcam.errors import ModelError
from vcam.manifest import MIXTURE, ModelSpec, read_checked, read_manifest, weights_folder
from vcam.restore import CPU_PROVIDER, to_cells
from vcam.restore.engine import open_session

NAMES = list(read_manifest(weights_folder()))


def spec_of(name: str) -> ModelSpec:
    return read_manifest(weights_folder())[name]


def constants(content: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """The weights in a file, by name."""
    return {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.load_model_from_string(content).graph.initializer
        if tensor.data_location != TensorProto.EXTERNAL
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_published_model_that_is_read_back_is_exported_with_the_same_weights(name: str) -> None:
    spec = spec_of(name)
    student = read_student(weights_folder(), spec)
    for kind, export in (("fp32", export_fp32), ("gauge", export_gauge)):
        published = constants(read_checked(weights_folder(), spec.files[kind]))
        found = constants(export(student, {"name": name}))
        assert found.keys() == published.keys()
        for key, value in published.items():
            assert found[key].dtype == value.dtype
            # of whole numbers, all of them; the sums that fold the whitening may round in another way
            tolerance = 1e-3 if value.dtype.kind == "f" else 0
            np.testing.assert_allclose(found[key], value, rtol=tolerance, atol=tolerance, err_msg=key)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_a_published_model_that_is_read_back_computes_what_its_file_does(name: str) -> None:
    spec, folder = spec_of(name), weights_folder()
    student = read_student(folder, spec)
    luma = to_cells(talking_head(1, (320, 192))[0].y, spec.cell)
    told = np.random.default_rng(0).integers(128, 255, (*luma.shape[:3], 4), dtype=np.uint8)
    cells = np.concatenate([luma, told], axis=-1)
    mixture = torch.zeros(1, student.experts)
    mixture[0, [1, 1 + spec.experts]] = torch.tensor([0.6, 0.4])  # an expert of both looks
    content = read_checked(folder, spec.files["fp32"])
    session = open_session(content, "fp32", 1, [CPU_PROVIDER], {MIXTURE: mixture.numpy()})
    expected = session.run(None, {"cells": cells})[0].astype(int)
    found = _Shipped(student)(torch.from_numpy(cells), mixture).numpy().astype(int)
    assert np.ptp(expected) > 10, "the picture shows nothing of the model"
    # sums in another order bring a feature to the next step of its grid here and there
    assert np.mean(found != expected) < 0.1
    assert np.abs(found - expected).max() <= 2


def test_a_file_that_is_not_of_this_network_is_refused(tmp_path: Path) -> None:
    spec = spec_of(NAMES[0])
    with pytest.raises(ModelError, match="is of another network than condnet: "):
        read_student(weights_folder(), replace(spec, experts=3))


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    spec = spec_of(NAMES[0])
    (tmp_path / spec.files["fp32"].name).write_bytes(b"changed")
    with pytest.raises(ModelError, match="is not the published file: sha256 "):
        read_student(tmp_path, spec)
