"""What the shipped weights are worth on the bundled clip, behind a real link."""

from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from statistics import fmean

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from vcam.frame import Frame
from vcam.link import PROFILES, Link
from vcam.manifest import ModelSpec, read_manifest, sha256_of, weights_folder
from vcam.metrics import psnr
from vcam.restore import Engine, Model, Restorer
from vcam.sources.sample import sample_source

MODELS = ("wide", "best", "fast")
KINDS = ("int8", "fp32")  # for the CPU and for a GPU; the CPU can run both
FRAMES = 8
# dB of luma over bicubic. Measured: 0.95 with best, 0.6 with fast. Half of fast's leaves room for another
# H.264 encoder, and no room for a network that lost a layer
GAIN = 0.3


@cache
def call() -> list[tuple[Frame, Frame]]:
    """The clip's first frames: as they were, and as a 360p link delivers them."""
    with (
        sample_source(loop=False, realtime=False) as source,
        Link(PROFILES["360p"], np.random.default_rng(0)) as link,
    ):
        return [(frame, link(frame)) for frame in islice(source, FRAMES)]


def gain(spec: ModelSpec, folder: Path) -> float:
    """Mean gain in PSNR-Y over bicubic, in dB."""
    size = call()[0][0].size
    restore = Restorer(Model(spec, folder, Engine("cpu", threads=1)), size)
    bicubic = Restorer(restore.model, size, strength=0)
    return fmean(psnr(restore(seen).y, truth.y) - psnr(bicubic(seen).y, truth.y) for truth, seen in call())


def shipped(name: str, kind: str = "int8") -> ModelSpec:
    """The spec of a shipped model whose CPU file is the one of this kind."""
    spec = read_manifest(weights_folder())[name]
    return replace(spec, files={**spec.files, "int8": spec.files[kind]})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_the_shipped_weights_gain_on_the_bundled_clip(name: str, kind: str) -> None:
    assert gain(shipped(name, kind), weights_folder()) > GAIN


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_whose_last_layer_is_zero_does_not_gain_that(kind: str, tmp_path: Path) -> None:
    assert gain(without_last_layer(shipped("fast", kind), tmp_path), tmp_path) < GAIN


def without_last_layer(spec: ModelSpec, folder: Path) -> ModelSpec:
    """The same model with a last layer of zeros, in a folder of its own."""
    files = {}
    for kind in ("int8", "gauge"):
        content = (weights_folder() / spec.files[kind].name).read_bytes()
        content = content if kind == "gauge" else with_zero_tail(content)
        (folder / spec.files[kind].name).write_bytes(content)
        files[kind] = replace(spec.files[kind], sha256=sha256_of(content))
    return replace(spec, files=files)


def with_zero_tail(content: bytes) -> bytes:
    model = onnx.load_from_string(content)
    tails = [each for each in model.graph.initializer if is_tail_weight(each.name)]
    assert len(tails) == 2, [each.name for each in tails]
    for each in tails:
        zeros = np.zeros_like(numpy_helper.to_array(each))
        each.CopyFrom(numpy_helper.from_array(zeros, each.name))
    return model.SerializeToString()


def is_tail_weight(name: str) -> bool:
    """Whether an initialiser holds the last convolution's weights or biases, of one expert a row."""
    return "tail." in name and name.endswith((".weights", ".biases", ".grid", ".bias"))
