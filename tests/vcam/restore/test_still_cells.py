from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from talking_head import talking_head

from vcam.manifest import read_manifest, weights_folder
from vcam.restore import Cells, Engine, Model
from vcam.restore.still import BANDS, RUN_COST, Box, StillCells, find_changes, join_boxes

ROWS, COLUMNS = 40, 60


class Neighbours:
    """A network that adds up, modulo 256, all that is within its reach; zeros lie around the picture."""

    most = 0.85

    def __init__(self, reach: int) -> None:
        self.reach = reach
        self.areas: list[int] = []

    def residual(self, cells: Cells) -> Cells:
        self.areas.append(cells.shape[1] * cells.shape[2])
        side = 2 * self.reach + 1
        sums = cv2.boxFilter(
            cells[0].astype(np.float64), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        return np.asarray(sums[None] % 256, np.uint8)


def noise(seed: int = 0) -> Cells:
    return np.random.default_rng(seed).integers(0, 256, (1, ROWS, COLUMNS, 16), dtype=np.uint8)


def film() -> Iterator[Cells]:
    """Noise in which a patch of another size and place changes each time, edges and corners too."""
    cells, rng = noise(), np.random.default_rng(1)
    yield cells
    for _ in range(30):
        cells = cells.copy()
        height, width = rng.integers(1, 9, 2)
        top, left = rng.integers(0, ROWS - height + 1), rng.integers(0, COLUMNS - width + 1)
        cells[0, top : top + height, left : left + width] = rng.integers(0, 256, 16)
        yield cells
    corners = cells.copy()
    corners[0, 0, 0] = corners[0, 1, 1] = 7
    yield corners


@pytest.mark.parametrize("reach", [1, 2, 5])
def test_what_is_kept_is_what_would_have_been_computed(reach: int) -> None:
    network, still = Neighbours(reach), StillCells()
    for cells in film():
        found = still.residual(network, cells)
        np.testing.assert_array_equal(found, Neighbours(reach).residual(cells))
    # and less was computed for it
    assert sum(network.areas) < 0.5 * len(network.areas) * ROWS * COLUMNS


def test_a_reach_that_is_said_too_short_shows() -> None:
    """The check above can fail: a network that sees further than it says."""
    liar = Neighbours(3)
    liar.reach = 1
    still, honest = StillCells(), Neighbours(3)

    class Longer(Neighbours):
        def residual(self, cells: Cells) -> Cells:
            return honest.residual(cells)

    network = Longer(1)
    wrong = [not np.array_equal(still.residual(network, cells), honest.residual(cells)) for cells in film()]
    assert any(wrong)


def test_the_same_picture_again_runs_nothing() -> None:
    network, still = Neighbours(2), StillCells()
    first = still.residual(network, noise()).copy()
    again = still.residual(network, noise())
    np.testing.assert_array_equal(again, first)
    assert len(network.areas) == 1
    assert still.done == 0


def test_one_cell_costs_the_square_that_it_reaches_twice() -> None:
    network, still = Neighbours(2), StillCells()
    cells = noise()
    still.residual(network, cells)
    changed = cells.copy()
    changed[0, 20, 30, 5] ^= 1
    still.residual(network, changed)
    # those within 2 may differ, and depend on those within 4
    assert network.areas[1] == 9 * 9
    assert still.done == pytest.approx(81 / (ROWS * COLUMNS))


def test_another_network_starts_afresh() -> None:
    still = StillCells()
    still.residual(Neighbours(1), noise())
    other = Neighbours(3)
    np.testing.assert_array_equal(
        still.residual(other, noise()),
        Neighbours(3).residual(noise()),
    )
    assert other.areas == [ROWS * COLUMNS]


class Failing(Neighbours):
    """A network that fails once so many runs are done, and works again after that."""

    def __init__(self, reach: int, fails_after: int) -> None:
        super().__init__(reach)
        self.fails_after = fails_after

    def residual(self, cells: Cells) -> Cells:
        if len(self.areas) == self.fails_after:
            self.fails_after = -1
            raise RuntimeError("no memory")
        return super().residual(cells)


def test_after_a_run_that_failed_the_same_cells_are_computed() -> None:
    network, still = Failing(2, fails_after=1), StillCells()
    still.residual(network, noise(0))
    with pytest.raises(RuntimeError):
        still.residual(network, noise(1))
    np.testing.assert_array_equal(still.residual(network, noise(1)), Neighbours(2).residual(noise(1)))


def test_after_a_network_that_failed_at_once_its_first_residual_is_its_own() -> None:
    network, still = Failing(2, fails_after=0), StillCells()
    still.residual(Neighbours(1), noise())
    with pytest.raises(RuntimeError):
        still.residual(network, noise())
    np.testing.assert_array_equal(still.residual(network, noise()), Neighbours(2).residual(noise()))


def test_what_a_run_that_failed_has_written_is_not_kept() -> None:
    network, still = Failing(2, fails_after=2), StillCells()
    cells = np.zeros((1, 270, 480, 16), np.uint8)
    still.residual(network, cells)
    changed = cells.copy()
    changed[0, 10, 20:300, 5] = changed[0, 250, 200:470, 3] = 9  # computed one by one
    with pytest.raises(RuntimeError):
        still.residual(network, changed)
    np.testing.assert_array_equal(still.residual(network, cells), Neighbours(2).residual(cells))


def test_another_size_starts_afresh() -> None:
    network, still = Neighbours(1), StillCells()
    still.residual(network, noise())
    smaller = noise()[:, :30]
    assert still.residual(network, smaller).shape == smaller.shape


def test_an_unknown_reach_computes_everything() -> None:
    network, still = Neighbours(1), StillCells()
    network.reach = 0
    for _ in range(3):
        still.residual(network, noise())
    assert network.areas == [ROWS * COLUMNS] * 3


def test_where_nearly_all_changed_all_is_computed_at_once() -> None:
    network, still = Neighbours(1), StillCells()
    still.residual(network, noise(0))
    still.residual(network, noise(1))
    assert network.areas == [ROWS * COLUMNS] * 2
    assert still.done == 1


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ((0, 0), Box(0, 1, 0, 1)),
        ((ROWS - 1, COLUMNS - 1), Box(ROWS - 1, ROWS, COLUMNS - 1, COLUMNS)),
        ((13, 7), Box(13, 14, 7, 8)),
    ],
)
@pytest.mark.parametrize("channel", [0, 7, 8, 15])
def test_the_changed_cell_is_found(place: tuple[int, int], box: Box, channel: int) -> None:
    before = noise()
    after = before.copy()
    after[0, *place, channel] ^= 128
    assert find_changes(before, after) == [box]


@pytest.mark.parametrize("channels", [1, 4, 16, 20, 64])
def test_a_change_is_found_in_cells_of_any_size(channels: int) -> None:
    before = np.zeros((1, 8, 8, channels), np.uint8)
    after = before.copy()
    after[0, 3, 6, -1] = 1
    assert find_changes(before, after) == [Box(3, 4, 6, 7)]
    assert find_changes(before, before.copy()) == []


def test_each_band_of_rows_has_a_rectangle_of_its_own() -> None:
    before = np.zeros((1, 10 * BANDS, 50, 20), np.uint8)
    after = before.copy()
    after[0, 5, 3:6] = after[0, 75:85, 40] = 1
    assert find_changes(before, after) == [Box(5, 6, 3, 6), Box(75, 80, 40, 41), Box(80, 85, 40, 41)]


def test_rectangles_are_joined_where_one_run_costs_less_than_two() -> None:
    near, far = [Box(0, 10, 0, 10), Box(10, 20, 0, 10)], [Box(0, 10, 0, 400), Box(250, 260, 0, 400)]
    assert join_boxes(near, 4, 270, 480) == [Box(0, 20, 0, 10)]
    assert join_boxes(far, 4, 270, 480) == far
    assert RUN_COST < 240 * 400, "the second pair would be joined too"


def test_two_distant_changes_are_computed_one_by_one() -> None:
    network, still = Neighbours(2), StillCells()
    cells = np.zeros((1, 270, 480, 16), np.uint8)
    still.residual(network, cells)
    changed = cells.copy()
    changed[0, 10, 20:300, 5] = changed[0, 250, 200:470, 3] = 9
    found = still.residual(network, changed)
    np.testing.assert_array_equal(found, Neighbours(2).residual(changed))
    assert len(network.areas) == 3
    assert still.done < 0.05


@pytest.mark.parametrize("name", ["fast", "best", "wide"])
def test_the_shipped_students_skip_without_a_trace(name: str) -> None:
    """On a frame in which a corner moves, through the file that the camera runs."""
    model = Model(read_manifest(weights_folder())[name], weights_folder(), Engine("cpu", threads=1))
    network, still = model.network(model.all_alike), StillCells()
    assert network.reach > 0
    shares = []
    picture = talking_head(1, (320, 180))[0].y
    for number in range(6):
        moved = picture.copy()
        moved[10 : 60 + number, 20:90] = np.roll(picture, 5 * number, axis=1)[10 : 60 + number, 20:90]
        cells = model.cells_of(moved)
        np.testing.assert_array_equal(still.residual(network, cells), network.residual(cells))
        shares.append(still.done)
    assert min(shares) < 1, "nothing was skipped: the test shows nothing"
