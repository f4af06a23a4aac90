"""A confidence that is fitted to what residuals did."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession
from stand_in import confidence_bytes, write_experts
from talking_head import talking_head

from distill.data.media import Media
from distill.publish import confidence
from distill.publish.confidence import (
    LEAST_ERROR,
    SHARES,
    Outcomes,
    fit,
    fit_confidence,
    try_residuals,
    worth,
)
from distill.publish.confidence_net import CarefulNet, ConfidenceNet, export, read_confidence
from vcam.conversion.opencv import to_bgr
from vcam.errors import ModelError
from vcam.manifest import ModelFile, sha256_of, weights_folder
from vcam.restore import Engine, Model
from vcam.restore.confidence import FIGURES

CPU = Engine("cpu", threads=1)
SIZE = (96, 96)
# errors at each share: least at 1.0; least at 0.1, and back at 0.2 to what it was
HELPS, HARMS = 4 - 4 * SHARES + 2 * SHARES**2, 0.5 - 0.2 * SHARES + SHARES**2


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "STEPS", 150)
    monkeypatch.setattr(confidence, "BATCH", 128)


def outcomes(count: int, look: int = 0) -> Outcomes:
    """Pictures whose first figure tells whether the residual helps, among others that tell nothing."""
    figures = np.random.default_rng(0).normal(size=(count, FIGURES)).astype(np.float32)
    errors = np.where(figures[:, :1] > 0, [HELPS], [HARMS]).astype(np.float32)
    return Outcomes(figures, np.full(count, look), errors)


@pytest.mark.parametrize("look", [0, 1])
def test_what_the_figures_tell_is_learnt(look: int) -> None:
    """The harmful residual breaks even at a share of 0.2."""
    net = fit(outcomes(600, look), looks=2)
    figures = torch.zeros(2, FIGURES)
    figures[0, 0], figures[1, 0] = 2, -2
    with torch.no_grad():
        helps, harms = net(figures)[:, look].tolist()
    assert helps > 0.5
    assert harms < 0.25


def test_of_two_confidences_the_square_of_the_lower_counts_and_the_first_is_the_start() -> None:
    first = fit(outcomes(600), looks=1)
    before = {name: value.clone() for name, value in first.state_dict().items()}
    second = fit(outcomes(600), looks=1, start=first)
    assert all(torch.equal(value, before[name]) for name, value in first.state_dict().items())
    assert any(not torch.equal(value, before[name]) for name, value in second.state_dict().items())
    figures = torch.randn(20, FIGURES)
    with torch.no_grad():
        found = CarefulNet(first, second)(figures)
        assert torch.equal(found, torch.minimum(first(figures), second(figures)) ** 2)


def test_a_confidence_that_leans_adds_less_of_what_is_neither_all_nor_nothing() -> None:
    net = fit(outcomes(600), looks=2)
    figures = torch.randn(50, FIGURES)
    with torch.no_grad():
        before = net(figures)
        net.lean[0] = 1.0
        after = read_confidence(export(net, {}), 2)(figures)
    assert ((before > 0.05) & (before < 0.95)).any()
    np.testing.assert_allclose(after[:, 0], before[:, 0] ** 2, atol=1e-6)
    np.testing.assert_allclose(after[:, 1], before[:, 1], atol=1e-6)


@pytest.mark.parametrize("name", ["wide", "best", "fast"])
def test_a_published_confidence_is_read_back_as_it_is(name: str) -> None:
    content = (weights_folder() / f"{name}-confidence.onnx").read_bytes()
    net = read_confidence(content, 2)
    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    for figures in np.random.default_rng(1).normal(0, 5, (20, 1, FIGURES)).astype(np.float32):
        (expected,) = session.run(None, {"figures": figures})
        with torch.no_grad():
            np.testing.assert_allclose(net(torch.from_numpy(figures)), expected, atol=1e-5)


def test_equal_tensors_which_a_file_has_once_are_read_into_each_network() -> None:
    first, second = ConfidenceNet(1), ConfidenceNet(1)
    found = read_confidence(export(CarefulNet(first, second), {}), 1)
    assert isinstance(found, CarefulNet)
    for net, expected in ((found.one, first), (found.other, second)):
        for name, value in expected.state_dict().items():
            assert torch.equal(net.state_dict()[name], value)


@pytest.mark.parametrize(
    "content", [export(ConfidenceNet(1), {}), confidence_bytes([1.0, 1.0])], ids=["one look", "other"]
)
def test_what_is_no_confidence_in_these_looks_is_refused_in_a_few_words(content: bytes) -> None:
    with pytest.raises(ModelError) as caught:
        read_confidence(content, 2)
    assert str(caught.value) == (
        "the file does not hold one or two networks' confidence in 2 looks; "
        "fit it again: python -m distill confidence"
    )


def test_a_loss_counts_for_more_than_a_gain() -> None:
    net = ConfidenceNet(1)
    both = Outcomes(
        np.zeros((2, FIGURES), np.float32), np.zeros(2, int), np.array([HELPS, HARMS], np.float32)
    )
    gains, loses = worth(net, both, is_used=False).tolist()
    assert gains == pytest.approx(10 * np.log10((4 + LEAST_ERROR) / (2 + LEAST_ERROR)))
    assert loses == pytest.approx(
        confidence.LOSS_WEIGHT[0] * 10 * np.log10((0.5 + LEAST_ERROR) / (1.3 + LEAST_ERROR))
    )


def test_between_two_shares_that_were_tried_the_error_is_between_theirs() -> None:
    class Says(ConfidenceNet):
        def forward(self, figures: torch.Tensor) -> torch.Tensor:
            return figures[:, :1]

    errors = np.array([HELPS] * 3, np.float32)
    asked = Outcomes(np.array([[0.0], [0.55], [1.0]], np.float32), np.zeros(3, int), errors)
    expected = [HELPS[0], (HELPS[5] + HELPS[6]) / 2, HELPS[10]]
    gains = 10 * np.log10((HELPS[0] + LEAST_ERROR) / (np.array(expected) + LEAST_ERROR))
    np.testing.assert_allclose(worth(Says(1), asked).tolist(), gains, atol=1e-5)


def test_the_file_gives_what_torch_gives(tmp_path: Path) -> None:
    net = fit(outcomes(100), looks=2)
    content = export(net, {"name": "two"})
    spec = write_experts(tmp_path, "two", [138, 118, 158, 78], looks=2)
    (tmp_path / "c.onnx").write_bytes(content)
    files = {**spec.files, "confidence": ModelFile("c.onnx", sha256_of(content), 17)}
    figures = np.random.default_rng(1).normal(size=(1, FIGURES)).astype(np.float32)
    found = Model(replace(spec, files=files), tmp_path, CPU).confidence(figures)
    with torch.no_grad():
        np.testing.assert_allclose(found, net(torch.from_numpy(figures))[0], atol=1e-5)


def test_outcomes_are_what_the_residual_does_to_the_error(tmp_path: Path) -> None:
    model = Model(write_experts(tmp_path, "two", [138, 138]), tmp_path, CPU)  # adds 10 everywhere
    truth = talking_head(2, SIZE)
    seen = [replace(frame, y=np.minimum(frame.y, 240) - np.minimum(frame.y, 4)) for frame in truth]
    found = try_residuals(model, seen, truth, {1})
    missing = truth[1].y.astype(float) - seen[1].y
    added = {0.0: 0, 0.1: 1, 0.5: 5, 1.0: 10}  # whole code values at these shares
    tried = [list(SHARES).index(pytest.approx(share)) for share in added]
    expected = [np.square(missing - each).mean() for each in added.values()]
    np.testing.assert_allclose(found.errors[0, tried], expected, rtol=1e-5)
    assert found.figures.shape == (1, FIGURES)


def stills(folder: Path, count: int) -> Media:
    paths = []
    for number, frame in enumerate(talking_head(count, SIZE)):
        paths.append(folder / f"{number}.png")
        cv2.imwrite(str(paths[-1]), to_bgr(frame))
    return Media(tuple(paths), ())


def test_a_model_that_harms_is_no_longer_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    media = stills(tmp_path, 2)
    model = Model(write_experts(tmp_path / "w", "two", [138, 138]), tmp_path / "w", CPU)
    content = fit_confidence(model, media, media, SIZE[0], scenes=12)
    assert content is not None
    assert "dB on held-out scenes" in capsys.readouterr().out


def test_a_fitted_confidence_leans_as_it_is_told_and_not_as_its_start(tmp_path: Path) -> None:
    media = stills(tmp_path, 2)
    model = Model(write_experts(tmp_path / "w", "two", [138, 138]), tmp_path / "w", CPU)
    start = ConfidenceNet(1).eval()
    start.lean[0] = 0.75
    content = fit_confidence(model, media, media, SIZE[0], scenes=12, start=start, lean=0.25)
    assert content is not None
    net = read_confidence(content, 1)
    assert isinstance(net, CarefulNet)
    assert (net.one.lean.item(), net.other.lean.item()) == (0.25, 0.25)
    assert start.lean.item() == 0.75


def test_media_that_cannot_be_read_give_none(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    model = Model(write_experts(tmp_path / "w", "two", [138, 138]), tmp_path / "w", CPU)
    media = Media((tmp_path / "no.png",), ())
    assert fit_confidence(model, media, media, SIZE[0], scenes=3) is None
