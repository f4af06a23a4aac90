from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from stand_in import write_experts
from talking_head import talking_head

from distill.data.media import Media
from distill.publish.chroma import TRIED, Trials, damage, fit_chroma, fit_strengths, try_cleaning
from vcam.conversion.opencv import to_bgr
from vcam.frame import Frame
from vcam.manifest import MOST_CHROMA, read_manifest, weights_folder
from vcam.restore import Engine, Model, Restorer
from vcam.restore.chroma import restore_chroma

CPU = Engine("cpu", threads=1)
SIZE = (96, 96)


def parabola(best: float, before: float = 4.0, depth: float = 1.0) -> np.ndarray:
    """Errors at each strength tried: the least, `depth` under that of 0, at `best`."""
    errors: np.ndarray = before - depth + depth * (TRIED / best - 1) ** 2
    return errors


def trials(*planes: tuple[list[float], np.ndarray]) -> Trials:
    """Trials of shares and errors, plane by plane."""
    return Trials(np.array([shares for shares, _ in planes]), np.stack([errors for _, errors in planes]))


def test_each_expert_gets_the_strength_that_is_best_for_its_damage() -> None:
    found = fit_strengths(trials(([1, 0], parabola(0.5)), ([0, 1], parabola(1.25))))
    np.testing.assert_allclose(found, [0.5, 1.25])


def test_shares_that_lack_of_1_do_nothing_in_that_part() -> None:
    found = fit_strengths(trials(([0.5, 0], parabola(0.5)), ([0, 1], parabola(1.0))))
    np.testing.assert_allclose(found, [1.0, 1.0])


def test_an_expert_whose_planes_lose_gets_nothing() -> None:
    assert fit_strengths(trials(([1, 0], 4 + TRIED), ([0, 1], parabola(1.0)))).tolist() == [0, 1]


def test_no_strength_is_more_than_the_manifest_takes() -> None:
    assert fit_strengths(trials(([0.1, 0], parabola(2.0)), ([0, 1], parabola(1.0))))[0] == MOST_CHROMA


def test_a_loss_counts_for_more_than_a_gain() -> None:
    """Two planes that no gauge tells from each other: one gains a little more than the other loses."""
    gains, loses = 4 - 1.1 * TRIED / MOST_CHROMA, 4 + TRIED / MOST_CHROMA
    assert fit_strengths(trials(([1], gains), ([1], loses))).tolist() == [0]
    assert fit_strengths(trials(*[([1], gains)] * 4, ([1], loses)))[0] == MOST_CHROMA


def test_a_gain_is_what_the_error_says() -> None:
    one = trials(([0.5, 0.5], parabola(1.0, before=4.0, depth=1.5)))
    # 0.2: what a clean plane counts as
    assert one.gains(np.array([1.0, 1.0])) == pytest.approx(10 * np.log10(4.2 / 2.7))
    assert one.gains(np.zeros(2)) == 0


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """Six stills of a person, colourful enough to see what is lost."""
    paths = []
    for number, frame in enumerate(talking_head(6, (160, 96))):
        paths.append(tmp_path / f"still{number}.png")
        cv2.imwrite(str(paths[-1]), to_bgr(frame))
    return Media(tuple(paths), ())


@pytest.fixture(scope="module")
def fast() -> Model:
    """The shipped student, without strengths."""
    folder = weights_folder()
    return Model(replace(read_manifest(folder)["fast"], chroma=()), folder, CPU)


def noisy(true: Frame, sigma: float = 4.0) -> Frame:
    rng = np.random.default_rng(0)
    planes = [
        np.clip(np.rint(plane + sigma * rng.standard_normal(plane.shape)), 0, 255).astype(np.uint8)
        for plane in (true.u, true.v)
    ]
    return replace(true, u=planes[0], v=planes[1])


def test_a_trial_says_what_cleaning_does_to_the_error(fast: Model) -> None:
    true = talking_head(1, SIZE)[0]
    seen = noisy(true)
    found = try_cleaning(Restorer(fast, SIZE), [seen], true)
    assert found.errors.shape == (2, len(TRIED))
    luma = Restorer(fast, SIZE)(seen).y
    for number, strength in enumerate(TRIED):
        u, _ = restore_chroma(luma, seen.u, seen.v, float(strength))
        assert found.errors[0, number] == pytest.approx(np.mean((u.astype(float) - true.u) ** 2), rel=1e-5)
    assert found.errors[0].min() < found.errors[0, 0]
    assert found.shares.shape == (2, fast.spec.experts)
    assert (found.shares.sum(1) <= 1.001).all()


def test_strengths_are_fitted_to_a_students_gauge(
    fast: Model, media: Media, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distill.publish.chroma.MOST_SCENES", 20)
    monkeypatch.setattr("distill.publish.chroma.HELD_SCENES", 8)
    found = fit_chroma(fast, media, media, SIZE[0])
    assert len(found) == fast.spec.experts
    assert 0 < max(found) <= MOST_CHROMA
    assert "dB on held-out scenes" in capsys.readouterr().out


def test_what_is_worth_nothing_is_left_out(media: Media, tmp_path: Path) -> None:
    model = Model(write_experts(tmp_path / "w", "flat", [128, 128]), tmp_path / "w", CPU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("distill.publish.chroma.MOST_SCENES", 2)
        patch.setattr("distill.publish.chroma.HELD_SCENES", 2)
        patch.setattr("distill.publish.chroma.Trials.worth", lambda trials, strengths: -0.01)
        assert fit_chroma(model, media, media, SIZE[0]) == ()


def test_a_model_that_cleans_already_is_not_fitted(fast: Model, media: Media, tmp_path: Path) -> None:
    spec = write_experts(tmp_path / "w", "cleans", [128, 128], chroma=(1.0, 1.0))
    with pytest.raises(ValueError, match="has strengths already"):
        fit_chroma(Model(spec, tmp_path / "w", CPU), media, media, SIZE[0])


def test_damage_is_seen_at_the_size_that_it_was_sent_at() -> None:
    rng = np.random.default_rng(0)
    scene = talking_head(2, SIZE)
    damaged = [damage(scene, SIZE[0], rng) for _ in range(24)]
    assert all(truth[-1].size == SIZE for truth, _ in damaged)
    assert {len(seen) for _, seen in damaged} == {2}
    assert len({seen[-1].size for _, seen in damaged}) > 3
