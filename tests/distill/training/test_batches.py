import numpy as np
import pytest
import torch

from distill.data.pack import Samples
from distill.networks.cellnet import CellNet
from distill.networks.nafnet import NafNet
from distill.recipe import Training
from distill.training.batches import Rank, check_fit, draw_batch, middle_frames, to_batch
from vcam.errors import ConfigError


class InColour(CellNet):
    """A network that wants R, G and B."""

    colour = "rgb"


def samples_of(clips: np.ndarray) -> Samples:
    return Samples(clips, np.zeros(len(clips), np.uint8))


def numbered(frames: int) -> Samples:
    """One clip (1, T, 2, 1, 8, 8): frame k is k on the degraded side, 100 + k on the true one."""
    values = np.array([[k, 100 + k] for k in range(frames)], np.uint8)
    return samples_of(np.broadcast_to(values[None, :, :, None, None, None], (1, frames, 2, 1, 8, 8)))


def test_batches_depend_on_seed_and_iteration_alone(samples: Samples) -> None:
    def draw(iteration: int, seed: int = 0) -> bytes:
        training = Training(batch=4, crop=32, seed=seed)
        return draw_batch([samples], training, 3, iteration).seen.numpy().tobytes()

    assert draw(3) == draw(3)
    assert len({draw(iteration) for iteration in range(-5, 6)}) == 11
    assert draw(3, seed=1) != draw(3)


def test_a_crop_is_of_the_same_place_on_both_sides(samples: Samples) -> None:
    same = Samples(np.repeat(samples.clips[:, :, 1:], 2, axis=2), samples.kinds)
    batch = draw_batch([same], Training(batch=16, crop=32), 1, 0)
    assert batch.seen.shape == (16, 1, 32, 32)
    assert torch.equal(batch.seen, batch.truth)
    assert batch.seen.min() >= 0
    assert batch.seen.max() <= 1


def test_crops_are_turned_and_mirrored() -> None:
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8), (1, 1, 2, 1, 64, 64))
    batch = draw_batch([samples_of(ramp)], Training(batch=64, crop=64), 1, 0).seen[:, 0]
    # brighter to the right, to the left, below or above
    corners = {(int(crop[0, -1] > crop[0, 0]), int(crop[-1, 0] > crop[0, 0])) for crop in batch}
    assert corners == {(0, 0), (1, 0), (0, 1)}


def test_the_kind_of_damage_comes_with_the_crop(samples: Samples) -> None:
    batch = draw_batch([samples], Training(batch=64, crop=64), 1, 0)
    is_clean = (batch.seen == batch.truth).flatten(1).all(1)
    assert torch.equal(batch.kinds == 0, is_clean)
    assert batch.kinds.dtype == torch.long


def test_the_truth_is_the_middle_frames() -> None:
    batch = draw_batch([numbered(5)], Training(batch=1, crop=8), 5, 0)
    assert (batch.seen[0, :, 0, 0] * 255).round().tolist() == [0, 1, 2, 3, 4]
    assert (batch.truth[0, :, 0, 0] * 255).round().tolist() == [102]


def test_windows_are_cut_anywhere_in_a_longer_clip() -> None:
    batch = draw_batch([numbered(5)], Training(batch=40, crop=8), 3, 0)
    windows = {tuple((window * 255).round().int().tolist()) for window in batch.seen[:, :, 0, 0]}
    assert windows == {(0, 1, 2), (1, 2, 3), (2, 3, 4)}


@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("planes", [1, 3])
def test_the_middle_of_a_whole_clip_is_seen_where_the_truth_is(length: int, planes: int) -> None:
    clips = np.repeat(numbered(length).clips, planes, axis=3)
    batch = to_batch(clips, np.zeros(1, np.uint8))
    middle = middle_frames(batch.seen, 1, planes)
    assert middle.shape == batch.truth.shape == (1, planes, 8, 8)
    torch.testing.assert_close(batch.truth - middle, torch.full_like(middle, 100 / 255))


def test_the_middle_frames_of_a_window_keep_their_neighbours() -> None:
    seen = torch.arange(7 * 3).view(1, 21, 1, 1)
    assert middle_frames(seen, 3, 3).flatten().tolist() == list(range(6, 15))


def test_the_shares_of_all_processes_make_the_batch_of_one(samples: Samples) -> None:
    training = Training(batch=4, crop=32)
    whole = draw_batch([samples], training, 3, 7)
    halves = [draw_batch([samples], training, 3, 7, Rank(rank, 2)) for rank in (0, 1)]
    for name in ("seen", "truth", "kinds"):
        parted = torch.stack([getattr(half, name) for half in halves], 1).flatten(0, 1)
        assert torch.equal(parted, getattr(whole, name))


def test_what_fits_is_let_through(samples: Samples) -> None:
    check_fit(samples, NafNet(8, 1, frames=3), 64)


@pytest.mark.parametrize(
    ("network", "crop", "words"),
    [
        (CellNet(4), 96, r"pictures are 64 pixels wide, crops 96; set \[training\] crop to 64 or less"),
        (NafNet(8, 1, frames=5), 32, r"clips have 3 frames, the network takes 5; set \[data\] frames = 5"),
        (CellNet(4), 50, "a crop of 50 pixels: the network takes multiples of 4 only; make it 48"),
        (CellNet(7), 49, "pictures of 64 pixels: the network takes multiples of 7 only; make it 63"),
        (
            InColour(4),
            32,
            r"pictures have 1 planes, the network takes 3 .* another \[data\] source or another netw",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_remedy(
    samples: Samples, network: CellNet, crop: int, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        check_fit(samples, network, crop)
