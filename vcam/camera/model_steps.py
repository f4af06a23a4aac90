"""Steps to a faster or a better model while the camera runs: the machine's load changes."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TypeAlias

from vcam.camera.lag import Lag
from vcam.manifest import ModelSpec
from vcam.pipeline import Clock

log = logging.getLogger(__name__)

SECOND_NS = 1_000_000_000
FIRST_WAIT_NS = 60 * SECOND_NS  # frames must be on time for so long before a better model is tried
LONGEST_WAIT_NS = 3600 * SECOND_NS
LONGEST_REFUSED_NS = 600 * SECOND_NS  # a refused try is not visible, so it may be repeated sooner
GOOD_NS = 600 * SECOND_NS  # a better model that kept up for so long was a good choice
RETRY_NS = 10 * SECOND_NS  # after a model that could not be loaded

SINGLE_FRAMES = (
    " without denoising"  # appended to a model's name: it runs without fusion, which costs time, too
)

Switch: TypeAlias = Callable[[str, bool], bool]


class Step(Enum):
    STAY = "stay"
    FASTER = "faster"
    BETTER = "better"


class StepPolicy:
    """Decides to step to a faster model as soon as frames are late, to a better one after a calm time.

    A better model that turns out too slow costs late frames: each time that happens, the required calm time
    doubles, so that the choice does not oscillate.
    """

    def __init__(self) -> None:
        self._wait_ns = FIRST_WAIT_NS
        self._calm_since_ns: int | None = None
        self._better_ns: int | None = None  # when the last better model was taken
        self._retry_ns = 0

    def judge(self, late: float, is_flowing: bool, now_ns: int) -> Step:
        """late: share of the frames; is_flowing: whether that is known at all."""
        if late or not is_flowing:
            self._calm_since_ns = None
        elif self._calm_since_ns is None:
            self._calm_since_ns = now_ns
        if now_ns < self._retry_ns:
            return Step.STAY
        if late:
            return Step.FASTER
        is_calm = self._calm_since_ns is not None and now_ns - self._calm_since_ns >= self._wait_ns
        return Step.BETTER if is_calm else Step.STAY

    def note_faster(self, now_ns: int) -> None:
        """A faster model has been taken."""
        was_early = self._better_ns is not None and now_ns - self._better_ns < GOOD_NS
        self._wait_ns = min(2 * self._wait_ns, LONGEST_WAIT_NS) if was_early else FIRST_WAIT_NS
        self._better_ns = self._calm_since_ns = None

    def note_better(self, now_ns: int) -> None:
        """A better model has been taken."""
        self._better_ns, self._calm_since_ns = now_ns, None

    def note_refused(self, now_ns: int) -> None:
        """There is no other model, it is too slow, or it could not be loaded."""
        self._calm_since_ns = None
        self._wait_ns = max(self._wait_ns, min(2 * self._wait_ns, LONGEST_REFUSED_NS))
        self._retry_ns = now_ns + RETRY_NS


class ModelStepper:
    """Steps between the models of a manifest, if the setting `model` is "auto".

    names   of the models, best picture first; see `list_steps`
    switch  (name, has_budget) loads a model beside the one in use and replaces that; False if has_budget is
            true and the model is too slow; raises if it cannot be used
    clock   monotonic nanoseconds

    reason  why a faster model than the first choice runs; "" if the first choice runs
    """

    def __init__(
        self, names: Callable[[], Sequence[str]], switch: Switch, clock: Clock = time.monotonic_ns
    ) -> None:
        self.reason = ""
        self._names = names
        self._switch = switch
        self._clock = clock
        self._trend = StepPolicy()

    def forget(self) -> None:
        """Start again: the model or its provider was chosen again by the settings."""
        self.reason, self._trend = "", StepPolicy()

    def poll(self, model: str, lag: Lag) -> None:
        """Decide on a step from the model in use, and take it; called several times a second."""
        now_ns, late = self._clock(), lag.share
        step = self._trend.judge(late, lag.is_known, now_ns)
        if step is Step.STAY:
            return
        other: str | None = None
        try:
            other = neighbour(self._names(), model, step)
            is_taken = other is not None and self._switch(other, step is Step.BETTER)
        except Exception as error:  # a file or a GPU may raise anything; the model in use keeps running
            log.warning("kept the model %s: %s", model, error)
            is_taken = False
        if other is None or not is_taken:
            self._trend.note_refused(now_ns)
            return
        lag.forget()
        self._note(step, model, other, late, self._clock())

    def _note(self, step: Step, model: str, other: str, late: float, now_ns: int) -> None:
        if step is Step.BETTER:
            self._trend.note_better(now_ns)
            self.reason = ""
            log.info("model %s in place of %s: the machine is fast enough for it", other, model)
            return
        self._trend.note_faster(now_ns)
        self.reason = (
            f"the model {other} runs in place of {model}, with which {late:.0%} of the frames came late;"
            f" {model} is tried again when the machine has time"
        )
        log.warning("%s", self.reason)


def list_steps(specs: Mapping[str, ModelSpec], denoise: float) -> list[str]:
    """The possible steps: all models, best picture first, then the fastest one without fusion."""
    names = list(specs)
    fuses = bool(names) and specs[names[-1]].fused and denoise > 0
    return [*names, names[-1] + SINGLE_FRAMES] if fuses else names


def neighbour(names: Sequence[str], model: str, step: Step) -> str | None:
    """The next model in that direction, of names from best picture to fastest; None at the end."""
    if model not in names:
        return None
    at = list(names).index(model) + (1 if step is Step.FASTER else -1)
    return names[at] if 0 <= at < len(names) else None
