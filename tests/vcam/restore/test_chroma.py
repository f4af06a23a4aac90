from dataclasses import replace

import cv2
import numpy as np
import pytest

from vcam.frame import Frame, Plane, Size
from vcam.manifest import MOST_CHROMA
from vcam.metrics import psnr
from vcam.restore.chroma import (
    ALIKE,
    LEAST_STRENGTH,
    REACH,
    StillChroma,
    chroma_changes,
    restore_chroma,
)

SIZES: list[Size] = [(160, 96), (130, 98), (18, 16), (16, 30)]


def noise(size: Size, sigma: float, level: int = 128, seed: int = 0) -> Plane:
    width, height = size
    values = level + sigma * np.random.default_rng(seed).standard_normal((height, width))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def steps(size: Size, low: int, high: int) -> Plane:
    """A plane whose left half has one value and whose right half another."""
    width, height = size
    plane = np.full((height, width), low, np.uint8)
    plane[:, width // 2 :] = high
    return plane


def blotchy(size: Size, sigma: float = 3.0) -> tuple[Frame, Frame]:
    """Two colours side by side, true and with blotches as a codec leaves them."""
    half = (size[0] // 2, size[1] // 2)
    true = Frame(steps(size, 80, 150), steps(half, 110, 140), steps(half, 135, 120))
    blotches = [cv2.GaussianBlur(noise(half, 40, seed=seed), (0, 0), 3) for seed in (1, 2)]
    scaled = [(each - 128.0) * sigma / each.std() for each in blotches]
    seen = [
        np.clip(np.rint(plane + each), 0, 255).astype(np.uint8)
        for plane, each in zip((true.u, true.v), scaled, strict=True)
    ]
    return true, replace(true, u=seen[0], v=seen[1])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strength", [LEAST_STRENGTH, 1.0, MOST_CHROMA])
def test_flat_colours_stay_bit_for_bit(size: Size, strength: float) -> None:
    half = (size[0] // 2, size[1] // 2)
    luma, u, v = noise(size, 30), noise(half, 0, 17), noise(half, 0, 240)
    for plane, restored in zip((u, v), restore_chroma(luma, u, v, strength), strict=True):
        np.testing.assert_array_equal(restored, plane)


def test_a_strength_that_would_round_to_nothing_costs_nothing() -> None:
    _, seen = blotchy((160, 96))
    u, v = restore_chroma(seen.y, seen.u, seen.v, LEAST_STRENGTH * 0.99)
    assert u is seen.u
    assert v is seen.v


def test_blotches_are_averaged() -> None:
    true, seen = blotchy((160, 96))
    u, v = restore_chroma(seen.y, seen.u, seen.v, 1.0)
    # measured: 2.2 and 3.1 dB
    assert psnr(u, true.u) > psnr(seen.u, true.u) + 1.5
    assert psnr(v, true.v) > psnr(seen.v, true.v) + 1.5


def test_colours_do_not_run_over_an_edge_of_luma_alone() -> None:
    """Chroma's edge is too faint to be told from noise: luma's says where it is."""
    half = (80, 48)
    luma, u = steps((160, 96), 60, 180), steps(half, 126, 130)
    restored, _ = restore_chroma(luma, u, noise(half, 0), 1.0)
    np.testing.assert_array_equal(restored, u)
    blurred, _ = restore_chroma(noise((160, 96), 0), u, noise(half, 0), 1.0)
    assert not np.array_equal(blurred, u)


def test_colours_do_not_run_over_an_edge_of_the_other_colour() -> None:
    half = (80, 48)
    u, v = steps(half, 126, 130), steps(half, 100, 100 + ALIKE)
    restored, _ = restore_chroma(noise((160, 96), 0), u, v, 1.0)
    np.testing.assert_array_equal(restored, u)


@pytest.mark.parametrize("size", SIZES)
def test_each_change_is_the_weighted_mean_of_differences(size: Size) -> None:
    """The same, place by place, as its docstring says it."""
    half = (size[0] // 2, size[1] // 2)
    luma, u, v = noise(size, 20), noise(half, 5, 120, 1), noise(half, 5, 130, 2)
    found = chroma_changes(luma, u, v)
    small = [shrink(shrink(edged(luma, 4))), shrink(edged(u, 2)), shrink(edged(v, 2))]
    small[0] = cv2.convertScaleAbs(small[0], alpha=0.5)
    expected = [changes(small, index) for index in (1, 2)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)  # float32 of a quotient of whole numbers


def shrink(plane: Plane) -> Plane:
    return cv2.resize(plane, (plane.shape[1] // 2, plane.shape[0] // 2), interpolation=cv2.INTER_AREA)


def edged(plane: Plane, side: int) -> Plane:
    below, right = (-length % side for length in plane.shape)
    return np.pad(plane, ((0, below), (0, right)), mode="edge")


def changes(planes: list[Plane], index: int) -> np.ndarray:
    padded = [np.pad(plane.astype(int), REACH, mode="edge") for plane in planes]
    rows, columns = planes[0].shape
    result = np.zeros((rows, columns))
    near = [(0, 2), (2, 0), (3, 3), (3, -3), (0, 6), (6, 0)]
    for row in range(rows):
        for column in range(columns):
            here = [plane[row + REACH, column + REACH] for plane in padded]
            total, weights = 0, ALIKE
            for down, right in [*near, *((-a, -b) for a, b in near)]:
                there = [plane[row + REACH + down, column + REACH + right] for plane in padded]
                weight = max(0, ALIKE - sum(abs(a - b) for a, b in zip(here, there, strict=True)))
                total += weight * (there[index] - here[index])
                weights += weight
            result[row, column] = total / weights
    return result


def test_extreme_planes_change_by_less_than_what_is_left_for_it() -> None:
    """No sum of bytes overflows: the change is bounded as the module says."""
    rng = np.random.default_rng(0)
    for spread in (1, 8, 11, 14, 255):
        u, v = (rng.choice([100, 100 + min(spread, 155)], (48, 80)).astype(np.uint8) for _ in range(2))
        for change in chroma_changes(noise((160, 96), 0), u, v):
            assert np.abs(change).max() <= 0.5 / LEAST_STRENGTH
    alone = np.full((48, 80), 111, np.uint8)
    alone[24:26, 40:42] = 100  # one place at half size, and twelve that pull it up
    change, _ = chroma_changes(noise((160, 96), 0), alone, noise((80, 48), 0))
    assert 8 < change.max() <= 0.5 / LEAST_STRENGTH


def test_what_did_not_change_stays_bit_for_bit() -> None:
    _, seen = blotchy((320, 192))
    before = restore_chroma(seen.y, seen.u, seen.v, 1.3)
    luma, u = seen.y.copy(), seen.u.copy()
    luma[:16, :16] = 200
    u[:8, :8] = 90
    after = restore_chroma(luma, u, seen.v, 1.3)
    reach = 8 + 2 * (REACH + 2)  # in chroma's pixels
    for one, other in zip(before, after, strict=True):
        assert not np.array_equal(one, other)
        np.testing.assert_array_equal(one[reach:], other[reach:])
        np.testing.assert_array_equal(one[:, reach:], other[:, reach:])


def test_the_planes_that_go_in_are_not_modified() -> None:
    _, seen = blotchy((160, 96))
    kept = [plane.copy() for plane in (seen.y, seen.u, seen.v)]
    restore_chroma(seen.y, seen.u, seen.v, 1.0)
    for plane, copy in zip((seen.y, seen.u, seen.v), kept, strict=True):
        np.testing.assert_array_equal(plane, copy)


def test_a_frame_like_the_last_one_is_not_computed_again() -> None:
    _, seen = blotchy((160, 96))
    still = StillChroma()
    first = still(seen.y, seen.u, seen.v, 1.0)
    again = still(seen.y.copy(), seen.u.copy(), seen.v.copy(), 1.0)
    assert again[0] is first[0]
    np.testing.assert_array_equal(first[0], restore_chroma(seen.y, seen.u, seen.v, 1.0)[0])


@pytest.mark.parametrize("name", ["y", "u", "v", "strength", "size"])
def test_whatever_changes_is_computed_again(name: str) -> None:
    _, seen = blotchy((160, 96))
    still, strength = StillChroma(), 1.0
    still(seen.y, seen.u, seen.v, strength)
    if name == "strength":
        strength = 2.0
    elif name == "size":
        _, seen = blotchy((130, 98))
    else:
        changed = getattr(seen, name).copy()
        changed[10:30, 10:30] += 9
        seen = replace(seen, **{name: changed})
    expected = restore_chroma(seen.y, seen.u, seen.v, strength)
    for plane, found in zip(expected, still(seen.y, seen.u, seen.v, strength), strict=True):
        np.testing.assert_array_equal(found, plane)
