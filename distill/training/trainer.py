"""Training of one network, teacher or student: resumable, reproducible, on one or several devices."""

import json
import math
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

import torch
from torch import Tensor, nn
from torch.nn.utils.memory_format import convert_conv2d_weight_memory_format
from tqdm import tqdm

from distill.catalogue import build
from distill.data.prepare import Prepared
from distill.recipe import Recipe
from distill.training.batches import Batch, check_fit, draw_batch, middle_frames, shown_to
from distill.training.checkpoint import is_checkpoint_of, read_checkpoint, set_aside, write_checkpoint
from distill.training.initialise import initialise
from distill.training.journal import Journal, Log, read_curve, say_duration, write_curve
from distill.training.objective import Objective, Teacher
from distill.training.parallel import ProcessGroup
from distill.training.schedule import Progress, check_schedule, is_over, learning_rate
from distill.training.sittings import Sitting, can_refill, refill
from distill.training.stop import StoppedError, catch_stop
from distill.training.teacher_outputs import cache_teacher_outputs
from distill.training.validate import Validation, validate
from distill.training.warm_start import freeze
from vcam.errors import ConfigError, ModelError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
SCALARS_EVERY = 20  # iterations between scalars for TensorBoard
PACED = 20  # iterations by which the time of a run is estimated


class Trainer:
    """Trains the network of a recipe, with a checkpoint every `check_every` iterations.

    A killed run resumes from its last checkpoint on the same trajectory: batches depend only on the number of
    the iteration, and all other state is in the checkpoint. Under torchrun each rank takes its part of every
    batch; the weights are those of a single process, up to rounding.
    """

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        teachers: list[Teacher] | None = None,
        group: ProcessGroup | None = None,
        perceptual: nn.Module | None = None,
        log: Log = tqdm.write,
        weights: Path | None = None,
        longest_s: float = math.inf,
    ) -> None:
        """Build the network, its objective and its optimizer.

        weights    folder of the published models that a recipe may start from, before the shipped one
        longest_s  seconds after which a sitting ends, with the recipe's iterations not all done
        """
        self.group = group or ProcessGroup()
        _check_training(recipe, self.group.rank.world_size)
        self.recipe = recipe
        self.iteration = 0
        self.seconds = 0.0  # of training, summed over resumed runs
        self.core_seconds: float | None = 0.0  # of processor time likewise; None: a record lacks its part
        self.sittings = 1
        self.progress = Progress()
        torch.manual_seed(recipe.training.seed)
        device = self.group.device
        student = build(recipe.network.name, recipe.network.options)
        freeze(student, recipe.training.frozen)
        self.objective = Objective(student, recipe, teachers or [], perceptual).to(device)
        convert_conv2d_weight_memory_format(self.objective, torch.channels_last)
        # the feature regression gets no gradient in steps where the gates exclude its teacher
        self._wrapped = self.group.wrap(self.objective, self.objective.regression is not None)
        self.averaged = build(recipe.network.name, recipe.network.options).to(device)
        self.averaged.load_state_dict(student.state_dict())
        self.averaged.eval()
        self._best = self.averaged.state_dict()
        self._moving = [value for value in self.objective.parameters() if value.requires_grad]
        self._optimizer = torch.optim.Adam(self._moving, recipe.training.learning_rate)
        self._scaler = torch.amp.GradScaler(device.type, enabled=recipe.training.precision == "fp16")
        self._folder, self._weights = folder, weights
        self._longest_s = longest_s
        self._last: Sitting | None = None  # where a run without a checkpoint goes on
        self._log = log if self.group.is_main else _discard

    @property
    def student(self) -> nn.Module:
        return self.objective.student

    @property
    def checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def curve(self) -> list[tuple[int, float]]:
        """The validations so far: iteration, gain in dB."""
        return read_curve(self._folder)

    def resume(self, last: Sitting | None = None) -> None:
        """Load the last checkpoint if it is of this recipe; otherwise start from scratch.

        last  what the recipe has published: where a run without a checkpoint goes on

        Raises ModelError if the file is damaged.
        """
        state = self.group.broadcast(read_checkpoint(self.checkpoint) if self.group.is_main else {})
        if not state:
            self._go_on_from(last)
            return
        if not is_checkpoint_of(self.recipe, state):
            if self.group.is_main:
                kept = set_aside(self.checkpoint)
                self._log(f"{self.checkpoint} is of another recipe: starting from scratch; kept: {kept.name}")
            return
        self.objective.load_state_dict(state["objective"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        self._best = state["best"]
        self.progress = Progress(**state["progress"])
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self.core_seconds, self.sittings = state.get("core_seconds"), state.get("sittings", 1)
        self._log(f"resumed at iteration {self.iteration}")

    def _go_on_from(self, last: Sitting | None) -> None:
        """Set what a published record says; its weights follow in `fit`, which knows the data."""
        if last is None or not 0 < last.iteration < self.recipe.training.iterations:
            return
        if not can_refill(self.student, last.weights):
            self._log(f"the published {self.recipe.name} cannot be read back: starting from nothing")
            return
        self._last, self.iteration = last, last.iteration
        self.seconds, self.core_seconds = last.seconds, last.core_seconds
        self.sittings = last.sittings + 1
        self.progress.first = last.iteration
        for _, gain_db in last.curve:
            self.progress.update(gain_db)
        if self.group.is_main:
            write_curve(self._folder, last.curve)
        self._log(f"{self.recipe.name}: sitting {self.sittings}, from published iteration {self.iteration}")

    def save(self) -> None:
        """Write the checkpoint: all state that a resumed run needs to continue on the same trajectory."""
        if not self.group.is_main:
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
            "core_seconds": self.core_seconds,
            "sittings": self.sittings,
        }
        write_checkpoint(self.checkpoint, state)

    def fit(self, data: Prepared) -> nn.Module:
        """Train until the recipe's last iteration, an early stop, or the end of the sitting.

        Returns the averaged network on the CPU: the last one, or with patience the best one. Raises
        ModelError if the loss is not finite; the last good checkpoint is kept.
        """
        training = self.recipe.training
        for network in (self.student, *self.objective.teachers):
            check_fit(data.train[0], network, training.crop)
            check_fit(data.held, network, training.crop)
        if self.objective.is_cached:
            data = self._cache(data)
        if self.iteration == 0 or self._last:
            self._initialise(data)
        with Journal(self._folder, self._log, self.iteration, self.group.is_main) as journal:
            if self.objective.teachers:
                self._judge_teachers(data)
            self._loop(data, journal)
        if training.patience:
            self.averaged.load_state_dict(self._best)
        return self.averaged.cpu().eval()

    def _cache(self, data: Prepared) -> Prepared:
        """The data with the teachers' outputs, which are computed by one process per machine."""
        with self.group.local_main_first():
            shards = cache_teacher_outputs(data.train, self.objective.teachers, self.group.device)
        return replace(data, train=shards)

    def _loop(self, data: Prepared, journal: Journal) -> None:
        training, first, before_s = self.recipe.training, self.iteration, self.seconds
        is_hidden = None if self.group.is_main else True  # None: hidden unless stderr is a terminal
        with (
            catch_stop() as stop,
            tqdm(
                total=training.iterations, initial=first, desc=self.recipe.name, unit="it", disable=is_hidden
            ) as bar,
        ):
            while not is_over(training, self.iteration, self.progress):
                start, start_core = time.monotonic(), time.process_time()
                batch = draw_batch(
                    data.train, training, self.objective.frames, self.iteration, self.group.rank
                ).to(self.group.device)
                loss = self.step(batch)
                self.seconds += time.monotonic() - start
                if self.core_seconds is not None:
                    self.core_seconds += time.process_time() - start_core
                is_last = self._is_last(before_s)
                bar.update()
                if self.iteration % SCALARS_EVERY == 0:
                    journal.log_step(self.iteration, loss, self._optimizer.param_groups[0]["lr"])
                if self.iteration == first + PACED:
                    self._estimate((self.seconds - before_s) / PACED)
                if self.iteration % training.check_every == 0 or is_last:
                    self._check(data, batch, journal, (self.seconds - before_s) / (self.iteration - first))
                if stop.number:
                    self._end(stop.number)
                if is_last:
                    break

    def _is_last(self, before_s: float) -> bool:
        """Whether the run ends here: its iterations are done, or, for any rank, the time of the sitting.

        before_s  seconds of training before this sitting
        """
        is_late = math.isfinite(self._longest_s) and self.group.broadcast(
            self.seconds - before_s >= self._longest_s
        )
        return is_late or self.iteration == self.recipe.training.iterations

    def _estimate(self, pace_s: float) -> None:
        """Say how long it will take, by the pace of the first iterations on this machine."""
        left = self.recipe.training.iterations - self.iteration
        self._log(f"{self.recipe.name}: {left} iterations, about {say_duration(left * pace_s)}")

    def _end(self, number: int) -> NoReturn:
        self.save()
        raise StoppedError(
            f"{self.recipe.name} was stopped at iteration {self.iteration} of "
            f"{self.recipe.training.iterations}, and is saved in {self.checkpoint}; "
            "to go on, run the same command again",
            number,
        )

    def step(self, batch: Batch) -> float:
        """One iteration; returns its loss."""
        training = self.recipe.training
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(training, self.iteration, self.progress)
        loss = self._loss(self._wrapped, batch)
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self._optimizer)
        norm = nn.utils.clip_grad_norm_(self._moving, training.clip)
        value = float(loss.detach())
        # overflowing scaled gradients in fp16 are expected: the scaler skips that step
        if not math.isfinite(value) or not (self._scaler.is_enabled() or math.isfinite(float(norm))):
            self._abort(f"the loss became {value}, its gradient's norm {float(norm)}")
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.iteration += 1
        self._update_average()
        return value

    def _loss(self, objective: nn.Module, batch: Batch) -> Tensor:
        precision = PRECISIONS[self.recipe.training.precision]
        with torch.autocast(self.group.device.type, precision, enabled=precision != torch.float32):
            loss: Tensor = objective(*batch.parts)
        return loss

    def _check(self, data: Prepared, batch: Batch, journal: Journal, pace_s: float) -> None:
        """Validate, update the gates and write the checkpoint, which comes last so that it has all state.

        pace_s  seconds an iteration since this run began: earlier ones may have had another machine
        """
        self._check_sanity(batch)
        self._copy_buffers()
        found = self.group.broadcast(self._validate(data))
        if self.progress.update(found.gain_db):
            self._best = {key: value.clone() for key, value in self.averaged.state_dict().items()}
        self.objective.gates.set_student(found.by_kind)
        done = f"{self.iteration}/{self.recipe.training.iterations}"
        note = f"{self.recipe.name} {done} {pace_s * 1e3:.0f} ms an iteration"
        journal.log_validation(self.iteration, found, self.seconds, note, self.progress.start)
        journal.log_pictures(self.iteration, self._example(batch))
        self.save()

    def _validate(self, data: Prepared) -> Validation:
        return validate(self.averaged, data.held, self.group.device)

    @torch.no_grad()
    def _check_sanity(self, batch: Batch) -> None:
        """Raise ModelError before the checkpoint is overwritten by weights with a loss that is not finite."""
        self.objective.eval()
        value = self.group.broadcast(float(self._loss(self.objective, batch)))
        self.objective.train()
        freeze(self.student, self.recipe.training.frozen)
        if not math.isfinite(value):
            self._abort(f"the loss became {value}")

    def _abort(self, why: str) -> NoReturn:
        kept = f"the last good checkpoint is kept: {self.checkpoint}"
        raise ModelError(
            f"{self.recipe.name}: {why} at iteration {self.iteration}; "
            f"{kept if self.checkpoint.exists() else 'there was no checkpoint yet'}. "
            'Lower [training] learning_rate, or use precision = "fp32"'
        )

    def _judge_teachers(self, data: Prepared) -> None:
        """Measure the teachers' gains on the held-out samples, for the gates."""
        for number, teacher in enumerate(self.objective.teachers):
            found: Validation = validate(teacher, data.held, self.group.device)
            self.objective.gates.set_teacher(number, found.by_kind)
            self._log(f"teacher {teacher.name}: gain {found.gain_db:+.3f} dB")

    @torch.no_grad()
    def _example(self, batch: Batch) -> Tensor:
        """The first sample of the batch: degraded, restored and true, (C, S, 3*S)."""
        planes = batch.truth.shape[1]
        restored = self.averaged(shown_to(self.averaged, batch.seen[:1], batch.context[:1], planes))
        seen = middle_frames(batch.seen[:1], 1, planes)
        return torch.cat([seen[0], restored[0], batch.truth[0]], dim=2).cpu()

    def _initialise(self, data: Prepared) -> None:
        """Initialise student and average; of a run that starts from trained weights, measure them."""
        initialise(self.student, self.recipe, data, self._folder.parent, self.group, self._log, self._weights)
        if self._last:
            refill(self.student, self._last.weights)
        self.averaged.load_state_dict(self.student.state_dict())
        if self._last:
            self._best = {key: value.clone() for key, value in self.averaged.state_dict().items()}
            return
        if self.recipe.training.start:
            found = self._validate(data)
            self.progress.start = found.looks_db
            self._log(f"{self.recipe.name} at the start: {found.line()}")

    @torch.no_grad()
    def _update_average(self) -> None:
        """Update the exponential moving average; with less decay at first, when the student changes fast."""
        decay = min(self.recipe.training.ema, (1 + self.iteration) / (10 + self.iteration))
        for averaged, current in zip(self.averaged.parameters(), self.student.parameters(), strict=True):
            averaged.lerp_(current, 1 - decay)

    @torch.no_grad()
    def _copy_buffers(self) -> None:
        """Copy buffers, such as the statistics of a batch norm, to the averaged network."""
        for averaged, current in zip(self.averaged.buffers(), self.student.buffers(), strict=True):
            averaged.copy_(current)


def _check_training(recipe: Recipe, processes: int) -> None:
    training = recipe.training
    check_schedule(training)
    if training.precision not in PRECISIONS:
        raise ConfigError(f"no precision {training.precision!r}; choose one of: {', '.join(PRECISIONS)}")
    if training.batch % processes:
        raise ConfigError(
            f"a batch of {training.batch} cannot be split evenly over {processes} processes; "
            f"set [training] batch to a multiple of {processes}"
        )
    if recipe.crisp_losses and training.batch // processes % 2:
        raise ConfigError(
            f"a batch of {training.batch // processes} a process cannot be split evenly over two looks; "
            f"set [training] batch to a multiple of {2 * processes}"
        )


def _discard(line: str) -> None:
    """The log function of all ranks except rank 0."""
