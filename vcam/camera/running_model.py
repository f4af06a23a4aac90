"""The model of a running camera: which one runs, on which engine, and when another one takes its place."""

import logging
from collections.abc import Callable, Set
from dataclasses import replace

from vcam.camera.chain import MODEL_KEYS, RunningChain
from vcam.camera.engines import EngineTrials
from vcam.camera.lag import Counts, Lag
from vcam.camera.model_choice import AUTO
from vcam.camera.model_steps import SINGLE_FRAMES, ModelStepper, list_steps
from vcam.camera.model_watch import ModelWatch, Snapshot
from vcam.camera.parts import folder_of, keeps_budget, make_restorer
from vcam.camera.policy import Health
from vcam.config import Config
from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_manifest
from vcam.paths import verdict_cache
from vcam.pipeline import Clock
from vcam.restore import Restorer
from vcam.restore.verdicts import Verdicts

log = logging.getLogger(__name__)


class RunningModel:
    """Exchanges a chain's restorer: for new files, a faster engine, or a model that the machine has time for.

    chain   whose restorer it is
    health  names the stages that have failed
    reload  loads the model that the settings name again; if it raises, nothing has changed
    clock   monotonic nanoseconds

    `poll` and the notes come from one thread at a time; any thread may read.
    """

    def __init__(self, chain: RunningChain, health: Health, reload: Callable[[], None], clock: Clock) -> None:
        self._chain = chain
        self._lag = Lag()
        self._watch = ModelWatch(health, reload, clock=clock)
        self._engines = EngineTrials(Verdicts(verdict_cache()))
        self._steps = ModelStepper(self._step_names, self._use_step, clock)

    @property
    def name(self) -> str:
        """The name of the model in use; "" without one."""
        restorer = self._chain.chain.restorer
        return restorer.model.spec.name if restorer else ""

    @property
    def late(self) -> float:
        """The share of the camera's frames, 0..1, that came while a stage was busy."""
        return self._lag.share

    @property
    def reason(self) -> str:
        """Why a faster model than the first choice runs; "" if the first choice runs."""
        return self._steps.reason

    def note_counts(self, counts: Counts) -> None:
        """Note what the pipeline's meter has counted."""
        self._lag.note(counts)

    def look(self, config: Config) -> Snapshot:
        """The state of the files that a configuration names. Ask before they are loaded: they may change."""
        return self._watch.look(folder_of(config))

    def note_load(self) -> None:
        """Note that the files in use are about to be loaded: bad ones are tried once."""
        self._watch.note_load(self.look(self._chain.config))

    def note_change(self, changed: Set[str], is_reload: bool, seen: Snapshot) -> None:
        """Note that the chain runs with other settings now.

        changed  their names
        seen     the state of the files before they were loaded
        """
        if MODEL_KEYS & changed or is_reload:
            self._lag.forget()
            self._steps.forget()
        if MODEL_KEYS & changed:
            self._watch.note_load(seen)

    def poll(self) -> None:
        """Look for a reason to exchange it, and do so; called several times a second. It may take long."""
        self._watch.poll(folder_of(self._chain.config))
        restorer, config = self._chain.chain.restorer, self._chain.config
        if restorer is None:
            return
        if self._engines.poll(config, restorer.model, self._allowed):
            self._use_engine(restorer)
        elif config.model == AUTO:
            is_single = self._chain.is_single and config.denoise > 0
            self._steps.poll(restorer.model.spec.name + SINGLE_FRAMES * is_single, self._lag)

    def _step_names(self) -> list[str]:
        config = self._chain.config
        return list_steps(read_manifest(folder_of(config)), config.denoise)

    def _use_step(self, name: str, has_budget: bool) -> bool:
        """Run this model from the next frame on, unless it is too slow for its budget."""
        old, config = self._chain.chain.restorer, self._chain.config
        if old is not None and name.removesuffix(SINGLE_FRAMES) == old.model.spec.name:
            self._chain.look_at_single_frames(name.endswith(SINGLE_FRAMES))
            return True
        new = make_restorer(replace(config, model=name))
        if old is None or (has_budget and not keeps_budget(new, config)):
            return False
        return self._chain.exchange_restorer(old, new)

    def _use_engine(self, old: Restorer) -> None:
        """Choose again, now that an engine is known to be faster; the one in use stays if that fails."""
        try:
            new = make_restorer(self._chain.config)
        except ModelError as error:
            log.warning("kept the model on %s: %s", old.model.provider, error)
            return
        if self._chain.exchange_restorer(old, new):
            log.info("model %s runs on %s from now on", new.model.spec.name, new.model.provider)

    def _allowed(self) -> list[ModelSpec]:
        """The models that the settings allow."""
        config = self._chain.config
        specs = read_manifest(folder_of(config))
        return [spec for name, spec in specs.items() if config.model in (AUTO, name)]
