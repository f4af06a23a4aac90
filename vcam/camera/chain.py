"""The stages of a running camera: how a changed Config becomes other stages, between two frames."""

import threading
from collections.abc import Callable
from dataclasses import fields, replace

from vcam.camera.parts import OFF, Chain, make_link, make_restorer, set_looks
from vcam.camera.policy import Health
from vcam.config import FIXED, Config
from vcam.errors import ConfigError, ModelError
from vcam.pipeline import Stages
from vcam.restore import Restorer

MODEL_KEYS = frozenset({"model", "provider", "cpu", "threads", "require_gpu", "weights"})


class RunningChain:
    """Holds the configuration and its stages. A stage that failed is left out until a new one replaces it.

    is_single  whether the model looks at single frames: there is no time for more, whatever `denoise` says

    health  where failed stages are noted
    use     takes the stages to go on with; called with a lock held, must not block
    seed    of the link's losses

    Changes come from one thread at a time. A stage may fail at any moment, on the worker's thread.
    """

    def __init__(
        self,
        config: Config,
        chain: Chain,
        health: Health,
        use: Callable[[Stages], None] = lambda stages: None,
        seed: int = 0,
    ) -> None:
        self.config = config
        self.chain = chain
        self.is_single = False
        self.use = use
        self._health = health
        self._seed = seed
        self._lock = threading.Lock()  # never held for long: the worker takes it when a stage fails

    def apply(self, config: Config, is_reload: bool = False) -> set[str]:
        """Change what differs; every new stage is ready before the first old one is released.

        is_reload  load the model again, and try every stage that failed again

        Returns the names of the settings that differ. Raises VcamError if one of them cannot be used, or
        ModelError if a reload finds no usable model; then nothing has changed.
        """
        changed = changed_keys(self.config, config)
        old = self.chain
        new = self._build(config, changed, is_reload)
        with self._lock:
            self._take(old, new, config)
            self.config = config
            self._set_looks()
            self.use(self.chain.stages())
        return changed

    def exchange_restorer(self, old: Restorer, new: Restorer) -> bool:
        """Put `new` in the place of `old`; False if that one has failed or was replaced in the meantime."""
        with self._lock:
            if self.chain.restorer is not old:
                return False
            self.chain, self.is_single = replace(self.chain, restorer=new), False
            self._set_looks()
            self.use(self.chain.stages())
            return True

    def look_at_single_frames(self, is_single: bool) -> None:
        """Leave fusion over time out from the next frame on, or take it up again."""
        with self._lock:
            self.is_single = is_single
            self._set_looks()

    def _set_looks(self) -> None:
        restorer = self.chain.restorer
        if restorer is not None:
            set_looks(restorer, replace(self.config, denoise=0.0) if self.is_single else self.config)

    def leave_out(self, name: str) -> Stages:
        """The stages without the one of this name."""
        with self._lock:
            if name == "link":
                self.chain = replace(self.chain, link=None)
            elif name == "restore":
                self.chain = replace(self.chain, restorer=None)
            return self.chain.stages()

    def _build(self, config: Config, changed: set[str], is_reload: bool) -> Chain:
        """The chain of a changed configuration: new stages beside those that stay as they are.

        A reload tries every failed stage again, a change of the model's settings only the model. A
        change of the source does not: it must not be refused because the model does not run.

        Raises LinkError or ModelError; a model that a reload cannot use is noted for `status`.
        """
        failed, chain = self._health.stage_errors, self.chain
        has_restorer = chain.restorer is not None or "restore" in failed
        try:
            if has_restorer and (is_reload or changed & MODEL_KEYS):
                chain = replace(chain, restorer=make_restorer(config))
        except ModelError as error:
            if is_reload:
                self._health.model_error = str(error)
            raise
        if "link" in changed or (is_reload and "link" in failed):
            chain = replace(chain, link=make_link(config.link, self._seed))
        return chain

    def _take(self, old: Chain, new: Chain, config: Config) -> None:
        """Use what is new. A stage that failed in the meantime stays out, unless it was built again."""
        if new.link is not old.link or config.link == OFF:  # a link that failed is None already, as "off" is
            self.chain = replace(self.chain, link=new.link)
            self._health.stage_errors.pop("link", None)
        if new.restorer is not old.restorer:
            self.chain, self.is_single = replace(self.chain, restorer=new.restorer), False
            self._health.stage_errors.pop("restore", None)
            self._health.model_error = ""


def changed_keys(old: Config, new: Config) -> set[str]:
    """The names of the settings that differ. Raises ConfigError if one of them needs a restart."""
    names = [field.name for field in fields(Config)]
    changed = {name for name in names if getattr(old, name) != getattr(new, name)}
    fixed = sorted(changed & FIXED)
    if fixed:
        verb = "is" if len(fixed) == 1 else "are"
        raise ConfigError(
            f"{', '.join(fixed)} {verb} fixed while the camera runs; "
            f"run: sharpkd set --save {fixed[0]} {_text(getattr(new, fixed[0]))} && sharpkd restart"
        )
    return changed


def _text(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
