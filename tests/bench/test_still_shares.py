import numpy as np
import pytest

from bench.still import measure, rectangle_share
from vcam.frame import Frame, black


def with_patch(left: int, top: int, level: int) -> Frame:
    """A black 64x32 frame with a patch of 4x4 pixels."""
    frame = black((64, 32))
    y = frame.y.copy()
    y[top : top + 4, left : left + 4] = level
    return Frame(y, frame.u, frame.v)


def test_the_rectangle_holds_all_that_changed() -> None:
    changed = np.zeros((8, 16), bool)
    assert rectangle_share(changed) == 0
    changed[2, 3] = changed[5, 10] = True
    assert rectangle_share(changed) == 4 * 8 / 128


def test_shares_are_of_cells_from_frame_to_frame() -> None:
    frames = [with_patch(8, 8, 16), with_patch(8, 8, 90), with_patch(8, 8, 90)]  # one cell changes, then none
    shares = measure(frames, (64, 32))
    assert shares["still"] == pytest.approx(1 - 0.5 / 128, abs=5e-4)
    assert shares["rectangle"] == pytest.approx(0.5 / 128, abs=5e-4)
