"""The stages of a running camera, and how they are changed between two frames."""

import threading
from collections.abc import Callable
from dataclasses import replace

from vcam.camera.changes import MODEL_KEYS, changed_keys, rebuild
from vcam.camera.parts import OFF, Chain, set_looks
from vcam.camera.policy import Health
from vcam.config import Config
from vcam.errors import ModelError
from vcam.pipeline import Stages
from vcam.restore import Restorer


class Assembly:
    """Holds the configuration and its stages. A stage that fails is left out until a new one takes its place.

    health  where failed stages are noted
    seed    of the link's losses
    """

    def __init__(self, config: Config, chain: Chain, health: Health, seed: int) -> None:
        self.config = config
        self.chain = chain
        self._health = health
        self._seed = seed
        self._lock = threading.Lock()  # never held for long: the worker takes it when a stage fails

    def apply(self, config: Config, use: Callable[[Stages], None], is_reload: bool = False) -> set[str]:
        """Change what differs; all new parts are ready before the first old one is let go.

        use        called with the stages to go on with
        is_reload  the model is loaded again, and every stage that failed is tried again

        Returns the names of the settings that differ. Raises VcamError if one cannot be used, or ModelError
        if a reload finds no good model; then nothing has changed.
        """
        changed = changed_keys(self.config, config)
        new = self._rebuild(config, changed, is_reload)
        with self._lock:
            self._exchange(new, config)
            if self.chain.restorer is not None:
                set_looks(self.chain.restorer, config)
            self.config = config
            use(self.chain.stages())
        return changed

    def exchange_restorer(self, old: Restorer, new: Restorer, use: Callable[[Stages], None]) -> bool:
        """Put a restorer in the place of another; False if that one has failed, or gone, meanwhile."""
        with self._lock:
            if self.chain.restorer is not old:
                return False
            set_looks(new, self.config)
            self.chain = replace(self.chain, restorer=new)
            use(self.chain.stages())
            return True

    def leave_out(self, name: str) -> Stages:
        """The stages without the one of this name."""
        with self._lock:
            if name == "link":
                self.chain = replace(self.chain, link=None)
            else:
                self.chain = replace(self.chain, restorer=None)
            return self.chain.stages()

    def _rebuild(self, config: Config, changed: set[str], is_reload: bool) -> tuple[Chain, Chain]:
        """The chain before, and the one to take its place."""
        old = self.chain
        rebuilt = changed | {"model"} if is_reload else changed
        broken = set(self._health.stage_errors)
        if not is_reload:  # who sets another source is not to be refused for a model that does not run
            broken &= {"restore"} if changed & MODEL_KEYS else set()
        try:
            return old, rebuild(old, config, rebuilt, broken, self._seed)
        except ModelError as error:
            if is_reload:
                self._health.model_error = str(error)
            raise

    def _exchange(self, change: tuple[Chain, Chain], config: Config) -> None:
        """Take what is new. A stage that failed meanwhile stays out, unless it is one of the new ones."""
        old, new = change
        if new.link is not old.link or config.link == OFF:  # one that failed is None, and so is none
            self.chain = replace(self.chain, link=new.link)
            self._health.stage_errors.pop("link", None)
        if new.restorer is not old.restorer:
            self.chain = replace(self.chain, restorer=new.restorer)
            self._health.stage_errors.pop("restore", None)
            self._health.model_error = ""
