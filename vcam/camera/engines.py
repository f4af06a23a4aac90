"""Which engine a model runs on: ONNX Runtime's own providers, or a plugin that was faster on this machine."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from vcam.config import Config
from vcam.errors import ModelError
from vcam.frame import Size
from vcam.manifest import ModelSpec
from vcam.restore import AdoptedEngine, Engine, Model
from vcam.restore.network import EngineHealth
from vcam.restore.plugins import PLUGINS, list_installed
from vcam.restore.trial import Verdict
from vcam.restore.verdicts import Case, Verdicts, fastest

AUTO = "auto"


class EngineChoice:
    """Loads models on the engine that a setting names.

    provider  the setting; "auto" takes an engine that is known to be faster, and tries none
    size      of the output
    verdicts  on engines
    """

    def __init__(self, provider: str, size: Size, verdicts: Verdicts) -> None:
        self.provider = provider
        self._size = size
        self._verdicts = verdicts

    def load(self, spec: ModelSpec, folder: Path, engine: Engine) -> Model:
        """A model on its engine; on the CPU where that cannot be used, with the reason in `model.health`.

        A plugin that is named is tried before its first use, which takes seconds once. Raises ModelError.
        """
        model = Model(spec, folder, engine)
        case = Case(spec, folder, self._size, model.threads)
        name, share = self._find(case)
        if name and (self.provider != AUTO or model.is_on_cpu):
            self._adopt(model, case, name, share)
        return model

    def _find(self, case: Case) -> tuple[str, float]:
        """The engine's name and its share of the CPU provider's time; "" for ONNX Runtime's own providers."""
        if self.provider in PLUGINS:
            return self.provider, self._verdicts.find(self.provider, case).share
        if self.provider != AUTO:
            return "", 1.0
        best = fastest(filter(None, (self._verdicts.read(name, case) for name in list_installed())))
        return (best.engine, best.share) if best else ("", 1.0)

    def _adopt(self, model: Model, case: Case, name: str, share: float) -> None:
        verdict = self._verdicts.read(name, case)
        fault = verdict.fault if verdict else ""
        try:
            if not fault:
                model.adopt(AdoptedEngine(name, case.spec, case.folder, case.threads, share))
                return
        except ModelError as error:
            fault = str(error)
        model.health = EngineHealth(name)
        model.health.give_up(fault)


class EngineTrials:
    """Tries, beside a camera, the engines that are installed and not yet known, once a start.

    verdicts  where they are kept
    """

    def __init__(self, verdicts: Verdicts) -> None:
        self._verdicts = verdicts
        self._thread: threading.Thread | None = None
        self._is_over = self._found_faster = False
        self._noted: EngineHealth | None = None

    def poll(self, config: Config, model: Model, specs: Callable[[], Iterable[ModelSpec]]) -> bool:
        """Begin the trials; True once, when they are over and found an engine that is faster.

        model  in use; where its engine was given up in use, the next start does not take that again
        specs  of the models that may be used
        """
        self._note_fault(config, model)
        if config.provider != AUTO or self._is_over:
            return False
        if self._thread is None:
            self._is_over = not model.is_on_cpu or not list_installed()
            if not self._is_over:
                cases = [Case(spec, model.folder, config.size, model.threads) for spec in specs()]
                self._thread = threading.Thread(target=self._try, args=(cases,), name="engines", daemon=True)
                self._thread.start()
            return False
        self._is_over = not self._thread.is_alive()
        return self._is_over and self._found_faster

    def _try(self, cases: list[Case]) -> None:
        for case in cases:
            unknown = [name for name in list_installed() if self._verdicts.read(name, case) is None]
            found = [self._verdicts.find(name, case) for name in unknown]
            self._found_faster = self._found_faster or fastest(found) is not None

    def _note_fault(self, config: Config, model: Model) -> None:
        health = model.health
        if health is None or not health.fault or health is self._noted:
            return
        self._noted = health
        case = Case(model.spec, model.folder, config.size, model.threads)
        self._verdicts.write(Verdict(health.name, health.fault), case)
