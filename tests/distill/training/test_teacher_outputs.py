"""Teachers' outputs, computed once and kept beside the shards."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from distill.data.pack import Samples, open_shards, write_array
from distill.networks.cellnet import CellNet
from distill.recipe import Training
from distill.training.batches import draw_batch
from distill.training.objective import Teacher
from distill.training.teacher_outputs import cache_teacher_outputs, restore_all, weights_digest
from vcam.errors import ConfigError

CPU = torch.device("cpu")


@pytest.fixture
def shard(samples: Samples, tmp_path: Path) -> Samples:
    """The middle frames of the samples, (24, 1, 2, 1, 64, 64), in a file."""
    write_array(tmp_path / "00000.kinds.npy", samples.kinds)
    write_array(tmp_path / "00000.npy", np.ascontiguousarray(samples.clips[:, 1:2]))
    return open_shards([tmp_path / "00000.npy"])[0]


@pytest.fixture
def teacher(student: CellNet) -> Teacher:
    return Teacher("toy", copy.deepcopy(student))


def test_an_answer_is_what_the_teacher_makes_of_the_whole_picture(shard: Samples, teacher: Teacher) -> None:
    (taught,) = cache_teacher_outputs([shard], [teacher], CPU)
    seen = torch.from_numpy(np.array(shard.clips[:8, 0, 0])).float() / 255  # (8, 1, 64, 64): a copy
    expected = (teacher(seen).clamp(0, 1) * 255).round().numpy()
    # rounded alike, up to a sum in another order that falls on the other side of a half
    assert np.abs(taught.outputs[0][:8].astype(np.float32) - expected).max() <= 1
    assert not np.array_equal(taught.outputs[0], shard.clips[:, 0, 0])


def test_a_crop_of_the_answer_is_of_the_same_place_as_the_crop_of_the_truth(shard: Samples) -> None:
    truth = np.ascontiguousarray(shard.clips[:, 0, 1])
    taught = Samples(shard.clips, shard.kinds, outputs=(truth, 255 - truth))
    for iteration in range(4):
        batch = draw_batch([taught], Training(batch=4, crop=24), 1, iteration)
        assert torch.equal(batch.outputs[:, :1], batch.truth)
        torch.testing.assert_close(batch.outputs[:, 1:], 1 - batch.truth)


def test_answers_are_computed_once(shard: Samples, teacher: Teacher) -> None:
    cache_teacher_outputs([shard], [teacher], CPU)
    assert shard.path is not None
    (kept,) = shard.path.parent.glob("00000.??????????.npy")
    write_array(kept, np.zeros_like(np.load(kept)))
    (again,) = cache_teacher_outputs([shard], [teacher], CPU)
    assert not again.outputs[0].any()


def test_other_weights_give_other_answers(shard: Samples, teacher: Teacher, student: CellNet) -> None:
    moved = Teacher("toy", copy.deepcopy(student))
    with torch.no_grad():
        next(moved.parameters()).add_(0.05)
    assert weights_digest(moved) != weights_digest(teacher)
    (taught,) = cache_teacher_outputs([shard], [teacher, moved], CPU)
    assert not np.array_equal(*taught.outputs)


def test_answers_are_within_eight_bits(shard: Samples) -> None:
    class Blinding(CellNet):
        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            return seen * 4 - 1

    outputs = restore_all(Teacher("blinding", Blinding(4, 8, 1)), shard, CPU)
    assert (outputs.min(), outputs.max()) == (0, 255)


def test_shards_without_a_file_are_refused(samples: Samples, teacher: Teacher) -> None:
    alone = Samples(samples.clips[:, 1:2], samples.kinds)
    with pytest.raises(ConfigError, match=r"shards in files; remove .* cached"):
        cache_teacher_outputs([alone], [teacher], CPU)


def test_clips_of_more_frames_than_the_teacher_sees_are_refused(samples: Samples, teacher: Teacher) -> None:
    kept = Samples(samples.clips, samples.kinds, path=Path("00000.npy"))
    with pytest.raises(
        ConfigError, match=r"exactly the teacher's 1 frames, these have 3; set \[data\] frames = 1"
    ):
        cache_teacher_outputs([kept], [teacher], CPU)
