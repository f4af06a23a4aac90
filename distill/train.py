"""One network's training, teacher's or student's: resumable, repeatable, on one device or on several."""

import json
import math
import os
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.memory_format import convert_conv2d_weight_memory_format
from tqdm import tqdm

from distill.batches import Batch, check_fit, draw_batch, middle_frames
from distill.data.sources import Prepared
from distill.journal import Journal, Log, read_curve
from distill.networks.catalogue import build
from distill.networks.contract import Whitened, frames_of
from distill.objective import Objective, Teacher
from distill.parallel import Company
from distill.recipe import Recipe
from distill.schedule import Progress, check_schedule, is_over, learning_rate
from distill.validate import Validation, validate
from vcam.errors import ConfigError, ModelError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
SCALARS_EVERY = 20  # iterations between TensorBoard's scalars
WHITENED_BATCHES = 8


class Trainer:
    """Trains the network of a recipe, with a checkpoint every `check_every` iterations.

    A run that was killed goes on from its last checkpoint along the same trajectory: batches depend on the
    iteration's number alone, and everything else that changes is in the checkpoint. Under torchrun each
    process takes its share of every batch: the weights are those of one process, up to rounding.
    """

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        teachers: list[Teacher] | None = None,
        company: Company | None = None,
        log: Log = print,
    ) -> None:
        check_schedule(recipe.training)
        if recipe.training.precision not in PRECISIONS:
            raise ConfigError(
                f"no precision {recipe.training.precision!r}; choose one of: {', '.join(PRECISIONS)}"
            )
        self.recipe = recipe
        self.company = company or Company()
        self.iteration = 0
        self.seconds = 0.0  # of training, over all resumptions
        self.progress = Progress()
        torch.manual_seed(recipe.training.seed)
        device = self.company.device
        student = build(recipe.network.name, recipe.network.options)
        self.objective = Objective(student, recipe, teachers or []).to(device)
        convert_conv2d_weight_memory_format(self.objective, torch.channels_last)
        self.averaged = build(recipe.network.name, recipe.network.options).to(device)
        self.averaged.load_state_dict(student.state_dict())
        self._best = self.averaged.state_dict()
        self._optimizer = torch.optim.Adam(self.objective.parameters(), recipe.training.learning_rate)
        self._scaler = torch.amp.GradScaler(device.type, enabled=recipe.training.precision == "fp16")
        self._folder = folder
        self._log = log

    @property
    def student(self) -> nn.Module:
        return self.objective.student

    @property
    def checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def curve(self) -> list[tuple[int, float]]:
        """The validations so far: iteration, gain in dB."""
        return read_curve(self._folder)

    def resume(self) -> None:
        """Load the last checkpoint, if there is one of this very recipe; else start afresh."""
        if not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, weights_only=True, map_location=self.company.device)
        if state["recipe"] != json.dumps(asdict(self.recipe)):
            self._log(f"{self.checkpoint} is of another recipe: starting afresh")
            return
        self.objective.load_state_dict(state["objective"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        self._best = state["best"]
        self.progress = Progress(**state["progress"])
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self._log(f"resumed at iteration {self.iteration}")

    def save(self) -> None:
        """Write the checkpoint to a temporary name, then move it into place."""
        if not self.company.is_first:
            return
        state = {
            "recipe": json.dumps(asdict(self.recipe)),
            "objective": self.objective.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "best": self._best,
            "progress": asdict(self.progress),
            "iteration": self.iteration,
            "seconds": self.seconds,
        }
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint)

    def fit(self, data: Prepared) -> nn.Module:
        """Train until the recipe's last iteration, or until patience is spent.

        Returns the averaged network, on the CPU: the last one, or with patience the best one. Raises
        ModelError if the loss is no number; the last good checkpoint stays.
        """
        training = self.recipe.training
        check_fit(data.train, self.objective.frames, training.crop)
        with Journal(self._folder, self._log, self.company.is_first) as journal:
            if self.iteration == 0:
                self._whiten(data)
            journal.rewind(self.iteration)
            if self.objective.teachers:
                self._judge_teachers(data)
            self._loop(data, journal)
        if training.patience:
            self.averaged.load_state_dict(self._best)
        return self.averaged.cpu().eval()

    def _loop(self, data: Prepared, journal: Journal) -> None:
        training, first = self.recipe.training, self.iteration
        bar = tqdm(total=training.iterations, initial=first, desc=self.recipe.name, unit="it", disable=None)
        step = self.company.wrap(self.objective)
        while not is_over(training, self.iteration, self.progress):
            start = time.monotonic()
            batch = draw_batch(
                data.train, training, self.objective.frames, self.iteration, self.company.share
            ).to(self.company.device)
            loss = self._step(step, batch)
            self.seconds += time.monotonic() - start
            bar.update()
            if self.iteration % SCALARS_EVERY == 0:
                journal.stepped(self.iteration, loss, learning_rate(training, self.iteration, self.progress))
            if self.iteration % training.check_every == 0 or self.iteration == training.iterations:
                self._check(data, batch, journal)
        bar.close()

    def _step(self, step: nn.Module, batch: Batch) -> float:
        """One iteration; returns its loss."""
        training = self.recipe.training
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(training, self.iteration, self.progress)
        precision = PRECISIONS[training.precision]
        with torch.autocast(self.company.device.type, precision, enabled=precision != torch.float32):
            loss = step(batch.seen, batch.truth, batch.kinds)
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self._optimizer)
        norm = nn.utils.clip_grad_norm_(self.objective.parameters(), training.clip)
        value = float(loss.detach())
        # an overflow of fp16's scaled gradients is expected: the scaler leaves that step out
        if not math.isfinite(value) or not (self._scaler.is_enabled() or math.isfinite(float(norm))):
            raise ModelError(
                f"{self.recipe.name}: the loss became {value} (gradient's norm {float(norm)}) at iteration "
                f"{self.iteration}; the last good checkpoint stays: {self.checkpoint}. Lower [training] "
                'learning_rate, or use precision = "fp32"'
            )
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.iteration += 1
        self._average()
        return value

    def _check(self, data: Prepared, batch: Batch, journal: Journal) -> None:
        """Validate, judge the teachers anew, write the checkpoint."""
        found = validate(self.averaged, data.held, self.company.device)
        if self.progress.note(found.gain_db):
            self._best = {key: value.clone() for key, value in self.averaged.state_dict().items()}
        self.objective.set_student_gains(found.by_kind)
        self.save()
        pace = self.seconds / self.iteration * 1e3
        done = f"{self.iteration}/{self.recipe.training.iterations}"
        note = f"{self.recipe.name} {done} {pace:.0f} ms an iteration"
        journal.validated(self.iteration, found, self.seconds, note)
        journal.showed(self.iteration, self._example(batch))

    def _judge_teachers(self, data: Prepared) -> None:
        """Measure the teachers on the held-out samples; whom the student has passed gets no weight."""
        for number, teacher in enumerate(self.objective.teachers):
            found: Validation = validate(teacher, data.held, self.company.device)
            self.objective.set_teacher_gains(number, found.by_kind)
            self._log(f"teacher {teacher.name}: gain {found.gain_db:+.3f} dB")

    @torch.no_grad()
    def _example(self, batch: Batch) -> Tensor:
        """The batch's first sample: degraded, restored, true, (C, S, 3*S)."""
        planes = batch.truth.shape[1]
        restored = self.averaged(middle_frames(batch.seen[:1], frames_of(self.averaged), planes))
        seen = middle_frames(batch.seen[:1], 1, planes)
        return torch.cat([seen[0], restored[0], batch.truth[0]], dim=2).cpu()

    def _whiten(self, data: Prepared) -> None:
        """Show a network that asks for it what it will be given; both copies keep it in the checkpoint."""
        if not isinstance(self.student, Whitened):
            return
        frames = frames_of(self.student)
        drawn = [
            draw_batch(data.train, self.recipe.training, frames, -number)
            for number in range(1, 1 + WHITENED_BATCHES)
        ]
        self.student.whiten(torch.cat([batch.seen for batch in drawn]).to(self.company.device))
        self.averaged.load_state_dict(self.student.state_dict())

    @torch.no_grad()
    def _average(self) -> None:
        """Move the averaged weights towards the student's; faster at first, while the student runs ahead."""
        decay = min(self.recipe.training.ema, (1 + self.iteration) / (10 + self.iteration))
        for averaged, current in zip(self.averaged.parameters(), self.student.parameters(), strict=True):
            averaged.lerp_(current, 1 - decay)
