"""The logs of a training run: console lines, a learning curve for the report, TensorBoard files."""

import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from distill.damage.degradation import DAMAGE_CLASSES
from distill.training.validate import Validation

CURVE = "curve.jsonl"
Log = Callable[[str], None]


def read_curve(folder: Path) -> list[tuple[int, float]]:
    """The validations of a run: iteration, gain in dB; empty before the first."""
    path = folder / CURVE
    entries = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [(entry["iteration"], entry["gain_db"]) for entry in entries]


def write_curve(folder: Path, curve: Sequence[tuple[int, float]]) -> None:
    """Write the validations of earlier sittings, whose seconds are not known."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"iteration": iteration, "gain_db": gain_db}) for iteration, gain_db in curve]
    (folder / CURVE).write_text("".join(f"{line}\n" for line in lines))


def say_duration(seconds: float) -> str:
    """A duration as a person says it: 40 s, 6 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class Journal:
    """Writes curve.jsonl, one JSON object per validation, and TensorBoard files to a run's folder."""

    def __init__(self, folder: Path, log: Log, start: int = 0, is_main: bool = True) -> None:
        """Only the main process writes. A run resumed at `start` rewrites everything after it."""
        self._folder = folder
        self._log = log
        self._start = start
        self._is_main = is_main

    @property
    def curve(self) -> Path:
        return self._folder / CURVE

    def __enter__(self) -> "Journal":
        self._folder.mkdir(parents=True, exist_ok=True)
        self._writer: SummaryWriter | None = None
        if self._is_main:
            self._rewind()
            # TensorBoard discards entries of earlier files from this step on
            self._writer = SummaryWriter(str(self._folder / "tensorboard"), purge_step=self._start + 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer:
            self._writer.close()

    def _rewind(self) -> None:
        lines = self.curve.read_text().splitlines() if self.curve.exists() else []
        kept = [line for line in lines if json.loads(line)["iteration"] <= self._start]
        temporary = self.curve.with_suffix(".tmp")
        temporary.write_text("".join(f"{line}\n" for line in kept))
        os.replace(temporary, self.curve)

    def log_step(self, iteration: int, loss: float, learning_rate: float) -> None:
        if not self._writer:
            return
        self._writer.add_scalar("loss", loss, iteration)
        self._writer.add_scalar("learning rate", learning_rate, iteration)

    def log_validation(
        self,
        iteration: int,
        found: Validation,
        seconds: float,
        note: str,
        start: tuple[float, ...] = (),
    ) -> None:
        """Log one validation after `seconds` of training.

        note   the start of the console line
        start  the gain of each look before training, which the line compares with
        """
        if not self._writer:
            return
        entry = {"iteration": iteration, "gain_db": found.gain_db, "seconds": round(seconds, 1)}
        with self.curve.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        self._writer.add_scalar("gain dB/all", found.gain_db, iteration)
        for kind, gain in zip(DAMAGE_CLASSES, found.by_kind, strict=True):
            if not math.isnan(gain):  # no held-out sample of this class
                self._writer.add_scalar(f"gain dB/{kind}", gain, iteration)
        self._log(f"{note} {found.line(start)}")

    def log_pictures(self, iteration: int, pictures: Tensor) -> None:
        """Log pictures (C, H, W) in 0..1: degraded, restored and true side by side."""
        if self._writer:
            self._writer.add_image("degraded, restored, true", pictures.clamp(0, 1), iteration)
