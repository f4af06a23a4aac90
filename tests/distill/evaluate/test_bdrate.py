import numpy as np
import pytest

from distill.evaluate.bdrate import bits_delta, quality_delta

REFERENCE = [(150, 30.0), (300, 33.1), (600, 35.8), (1200, 37.9)]


def scaled(share: float) -> list[tuple[float, float]]:
    return [(kbps * share, quality) for kbps, quality in REFERENCE]


def better(codes: float) -> list[tuple[float, float]]:
    return [(kbps, quality + codes) for kbps, quality in REFERENCE]


@pytest.mark.parametrize("share", [0.6, 0.9, 1.0, 1.3])
def test_a_curve_at_a_share_of_the_bits_has_that_delta(share: float) -> None:
    assert bits_delta(REFERENCE, scaled(share)).mean == pytest.approx(share - 1, abs=1e-9)


@pytest.mark.parametrize("codes", [-0.7, 0.0, 1.5])
def test_a_curve_that_is_better_by_so_much_has_that_delta(codes: float) -> None:
    assert quality_delta(REFERENCE, better(codes)) == pytest.approx(codes, abs=1e-9)


def test_the_order_of_the_points_does_not_matter() -> None:
    assert bits_delta(REFERENCE[::-1], scaled(0.6)).mean == pytest.approx(-0.4)


def test_straight_lines_in_the_logarithm_give_the_delta_by_hand() -> None:
    slow = [(100, 30.0), (200, 31.0), (400, 32.0), (800, 33.0)]
    steep = [(100, 30.0), (200, 32.0), (400, 34.0), (800, 36.0)]
    # at 30 dB equal, at 33 dB after 1.5 instead of 3 doublings: the mean is three quarters of a doubling
    assert bits_delta(slow, steep).mean == pytest.approx(2**-0.75 - 1)
    assert quality_delta(slow, steep) == pytest.approx(1.5)


def test_curves_that_do_not_overlap_have_a_bound_and_no_mean() -> None:
    far = bits_delta(REFERENCE, better(20))
    assert far.mean is None
    assert far.bound == pytest.approx(150 / 1200 - 1)  # its lowest rate beats the reference's highest
    worse = bits_delta(REFERENCE, better(-20))
    assert worse.mean is None
    assert worse.bound == pytest.approx(1200 / 150 - 1)
    assert quality_delta(REFERENCE, [(kbps * 100, quality) for kbps, quality in REFERENCE]) is None


def test_of_a_curve_that_falls_a_quality_counts_at_its_lowest_rate() -> None:
    noisy = [(150, 30.0), (300, 31.0), (600, 30.5), (1200, 30.2)]
    found = bits_delta(noisy, [(75, 30.0), (150, 31.0), (600, 33.0)])
    assert found.mean == pytest.approx(-0.5, abs=0.03)  # half the bits at both ends; PCHIP bends the third


def test_a_curve_that_only_falls_is_one_point() -> None:
    falling = [(150, 31.0), (300, 30.0), (600, 29.0)]
    assert bits_delta(falling, [(75, 30.0), (150, 32.0)]).mean == pytest.approx(
        75 * np.sqrt(2) / 150 - 1
    )  # the test has 31 dB halfway in the logarithm


def test_a_curve_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="a point or more"):
        bits_delta([], REFERENCE)
