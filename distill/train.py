"""One student's training: resumable, repeatable, and logged in dB of gain over the degraded input."""

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from distill.data import Pairs
from distill.losses import psnr_db, relative_mse
from distill.networks.cellnet import CellNet
from distill.recipe import Network, Recipe, Training

WARM_UP = 200  # iterations of rising learning rate
VALIDATION_BATCH = 16
CLEAN_DB = 60.0

Log = Callable[[str], None]


def build(network: Network) -> CellNet:
    """The untrained student of a recipe."""
    return CellNet(network.cell, network.channels, network.depth)


def draw_batch(shards: list[Pairs], training: Training, iteration: int) -> Tensor:
    """Draw crops (B, 2, crop, crop) in 0..1, flipped and turned; they depend on seed and iteration alone.

    Negative iterations draw batches that no step sees.
    """
    rng = np.random.default_rng([training.seed, abs(iteration), int(iteration < 0)])
    side = training.crop
    batch = np.empty((training.batch, 2, side, side), np.uint8)
    for slot in range(training.batch):
        shard = shards[rng.integers(len(shards))]
        pair = shard[rng.integers(len(shard))]
        top, left = rng.integers(0, pair.shape[-1] - side + 1, 2)
        crop = pair[:, top : top + side, left : left + side]
        turns, mirrors = int(rng.integers(4)), rng.integers(2)
        crop = np.rot90(crop, turns, axes=(1, 2))
        batch[slot] = crop[:, :, ::-1] if mirrors else crop
    return torch.from_numpy(batch).float() / 255


def learning_rate(training: Training, iteration: int) -> float:
    """Cosine from the peak to zero after a linear warm-up."""
    progress = iteration / training.iterations
    warm_up = min(1.0, (iteration + 1) / min(WARM_UP, training.iterations))
    return training.learning_rate * warm_up * 0.5 * (1 + math.cos(math.pi * progress))


@dataclass(frozen=True)
class Validation:
    """What a student is worth on held-out pairs."""

    gain_db: float  # mean PSNR-Y gain over the degraded input, of the damaged pairs
    clean_db: float  # mean PSNR-Y of what becomes of the clean ones; they should stay as they are


@torch.no_grad()
def validate(student: CellNet, pairs: Pairs) -> Validation:
    """Judge the student on (N, 2, S, S) pairs; clean are those whose two sides are the same picture."""
    before, after = [], []
    for start in range(0, len(pairs), VALIDATION_BATCH):
        batch = torch.from_numpy(pairs[start : start + VALIDATION_BATCH]).float() / 255
        seen, truth = batch[:, :1], batch[:, 1:]
        before.append(psnr_db(seen, truth))
        after.append(psnr_db((seen + student(seen)).clamp(0, 1), truth))
    was, became = torch.cat(before), torch.cat(after)
    is_clean = was > CLEAN_DB
    return Validation(float((became - was)[~is_clean].mean()), float(became[is_clean].mean()))


class Trainer:
    """Trains the student of a recipe on shards of pairs, with a checkpoint every `check_every` iterations.

    A run that was killed goes on from its last checkpoint along the same trajectory: batches depend on the
    iteration's number alone, and everything else that changes is in the checkpoint.
    """

    def __init__(self, recipe: Recipe, folder: Path, log: Log = print) -> None:
        torch.manual_seed(recipe.training.seed)
        self.recipe = recipe
        self.student = build(recipe.network)
        self.averaged = build(recipe.network)
        self.averaged.load_state_dict(self.student.state_dict())
        self.iteration = 0
        self._optimizer = torch.optim.Adam(self.student.parameters(), recipe.training.learning_rate)
        self._folder = folder
        self._log = log

    @property
    def checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def resume(self) -> None:
        """Load the last checkpoint, if there is one of this very recipe; else start afresh."""
        if not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, weights_only=True)
        if state["recipe"] != json.dumps(asdict(self.recipe)):
            self._log(f"{self.checkpoint} is of another recipe: starting afresh")
            return
        self.student.load_state_dict(state["student"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.iteration = state["iteration"]
        self._log(f"resumed at iteration {self.iteration}")

    def save(self) -> None:
        """Write the checkpoint to a temporary name, then move it into place."""
        state = {
            "recipe": json.dumps(asdict(self.recipe)),
            "student": self.student.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "iteration": self.iteration,
        }
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint)

    def fit(self, shards: list[Pairs], validation: Pairs) -> CellNet:
        """Train to the recipe's last iteration; returns the averaged student, ready to export."""
        self._folder.mkdir(parents=True, exist_ok=True)
        training = self.recipe.training
        if self.iteration == 0:
            self._whiten(shards)
        start, first = time.monotonic(), self.iteration
        while self.iteration < training.iterations:
            self._step(draw_batch(shards, training, self.iteration))
            if self.iteration % training.check_every == 0 or self.iteration == training.iterations:
                self.save()
                pace = (time.monotonic() - start) / (self.iteration - first)
                found = validate(self.averaged, validation)
                self._log(
                    f"{self.recipe.name} {self.iteration}/{training.iterations} "
                    f"gain {found.gain_db:+.3f} dB, clean {found.clean_db:.1f} dB, "
                    f"{pace * 1e3:.0f} ms an iteration"
                )
        return self.averaged

    def _whiten(self, shards: list[Pairs]) -> None:
        """Let the student see what it will be given; both copies keep it in their checkpoints."""
        batches = [draw_batch(shards, self.recipe.training, -number)[:, :1] for number in range(1, 9)]
        self.student.whiten(torch.cat(batches))
        self.averaged.load_state_dict(self.student.state_dict())

    def _step(self, batch: Tensor) -> None:
        training = self.recipe.training
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(training, self.iteration)
        seen, truth = batch[:, :1], batch[:, 1:]
        loss = relative_mse(seen + self.student(seen), seen, truth)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), training.clip)
        self._optimizer.step()
        self.iteration += 1
        self._average()

    @torch.no_grad()
    def _average(self) -> None:
        """Move the averaged weights towards the student's; faster at first, while the student runs ahead."""
        decay = min(self.recipe.training.ema, (1 + self.iteration) / (10 + self.iteration))
        for averaged, current in zip(self.averaged.parameters(), self.student.parameters(), strict=True):
            averaged.lerp_(current, 1 - decay)
