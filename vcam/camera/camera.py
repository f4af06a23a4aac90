"""The running camera: a pipeline, its parts, and the commands that change them while it runs."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from vcam.camera.chain import Assembly
from vcam.camera.changes import MODEL_KEYS, with_settings
from vcam.camera.lag import Counts, Lag
from vcam.camera.model_choice import AUTO
from vcam.camera.model_steps import SINGLE_FRAMES, Pace, rungs
from vcam.camera.model_watch import Upkeep
from vcam.camera.parts import Chain, folder_of, keeps_budget, make_restorer
from vcam.camera.policy import Health, KeepGoing
from vcam.camera.reconnecting_sink import KeptSink
from vcam.camera.source_gate import Shutter
from vcam.camera.status import make_status, name_state
from vcam.camera.warnings import find_warnings
from vcam.config import Config
from vcam.control.status import Command, Status
from vcam.frame import Frame
from vcam.manifest import read_manifest
from vcam.memory import return_freed_memory
from vcam.pipeline import Clock, FailFast, Pipeline, Policy, Result, Sink, Source
from vcam.placeholder import placeholder
from vcam.presence import Presence
from vcam.public import public_name, public_text, without_folders

SourceFactory: TypeAlias = Callable[[Config], Source]


@dataclass(frozen=True)
class Terms:
    """How a camera runs beyond its Config.

    is_patient  a daemon waits failures out; a foreground run ends with the first one
    limit       frames to send; None for no limit
    seed        of the link's losses
    reread      the configuration of a reload
    presence    who watches; by default somebody always does
    clock       of what is done from time to time, monotonic nanoseconds
    begin_call  called before the source is opened after it was closed on purpose
    """

    is_patient: bool = True
    limit: int | None = None
    seed: int = 0
    reread: Callable[[], Config] | None = None
    presence: Presence = field(default_factory=Presence)
    clock: Clock = time.monotonic_ns
    begin_call: Callable[[], None] = lambda: None


class Camera:
    """Runs the parts that a Config names, tells what they do, and changes them between two frames.

    Any thread may call any method. Changes of settings wait for each other, and for a model that is being
    loaded; a pause and a stop wait for neither.
    """

    def __init__(
        self,
        config: Config,
        chain: Chain,
        sink: Sink,
        make_source: SourceFactory,
        terms: Terms | None = None,
    ) -> None:
        self.preview_url = ""
        self.is_stopping = threading.Event()
        self._sink = sink
        self._make_source = make_source
        self._terms = terms or Terms()
        self._health = Health()
        self._assembly = Assembly(config, chain, self._health, self._terms.seed)
        self._upkeep = Upkeep(self._health, lambda: self._reload(self.config), clock=self._terms.clock)
        self._lag = Lag()
        self._pace = Pace(self._model_names, self._use_model, self._terms.clock)
        self._source: Source | None = None  # the one opened last
        self._opened = config.source  # its name in the configuration
        self._since_s = time.monotonic()
        self._loading = threading.Lock()  # of what may load a model; nobody else waits for that
        self._moving = threading.Lock()  # of the output, which may hang
        self._card = self._opening = self._draw_opening()
        self._pipeline = self._make_pipeline()
        self._shutter = Shutter(
            self._pipeline, self._draw, self._show, self._show_opening, is_always_on=config.always_on
        )

    @property
    def config(self) -> Config:
        return self._assembly.config

    def start(self) -> None:
        self._since_s = time.monotonic()
        self._upkeep.note_load(self._upkeep.look(folder_of(self.config)))
        self._terms.presence.start(self._shutter.set_present)  # first: with nobody there, nothing is opened
        self._pipeline.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the camera to end by itself; True if it did. Raises what ended it."""
        return self._pipeline.wait(timeout_s)

    def stop(self) -> None:
        """End the pipeline. The sink is the caller's to close."""
        self._terms.presence.stop()
        self._pipeline.stop()

    def latest(self) -> Result | None:
        return self._pipeline.latest()

    def look(self) -> Result | None:
        self._terms.presence.note_viewer()
        return self._pipeline.latest()

    def placeholder(self) -> Frame:
        return self._card

    def state(self) -> str:
        """What it does, in words, with the cause where something is wrong."""
        return self._public(name_state(self._pipeline, self._health, self._shutter.rest, self._sink))

    def beats(self) -> int:
        """Turns of the output's clock; while it lives they become more, whatever is shown, and to whom."""
        return self._pipeline.meter.beats

    def status(self) -> Status:
        status = make_status(
            self.config,
            self._assembly.chain,
            self._pipeline.meter.read(time.monotonic_ns()),
            state=self.state(),
            source=self._public(str(getattr(self._source, "name", self.config.source))),
            sink=self._sink,
            since_s=self._since_s,
        )
        source = None if self._shutter.rest else self._source
        parts = (self.config, self._assembly.chain, self._health, source, self._sink)
        found = [*find_warnings(*parts, self._lag.share, status.state), self._pace.reason]
        warnings = tuple(self._public(warning) for warning in found if warning)
        return replace(status, preview_url=self.preview_url, warnings=warnings)

    def wake(self) -> None:
        """The machine has slept: what was open then may hang, and nobody knows who watches."""
        self._pipeline.reopen_source()
        self._terms.presence.look_again()

    def do(self, command: Command) -> None:
        """Carry out a command.

        Raises VcamError if a setting cannot be used; then nothing has changed. Raises SinkError if an output
        that is to be released hangs; then the camera is only paused.
        """
        if command.set or command.reload:
            with self._loading:
                if command.set:
                    self._apply(with_settings(self.config, command.set))
                if command.reload:
                    self._reload(self._terms.reread() if self._terms.reread else self.config)
        if command.pause or command.release:
            self._shutter.set_paused(True)  # first, and without a lock that an output may hold up
        if command.release or command.resume:
            with self._moving:
                self._move(command)
        if command.stop:
            self.is_stopping.set()

    def tend(self) -> None:
        """Do what time asks for; called some times a second. A model may be loaded in it."""
        self._lag.note(Counts(self._terms.clock(), *self._pipeline.meter.counts()))
        with self._loading:
            self._upkeep.tend(folder_of(self.config))
            restorer = self._assembly.chain.restorer
            if restorer is not None and self.config.model == AUTO:
                is_single = restorer.denoise == 0 < self.config.denoise
                self._pace.tend(restorer.model.spec.name + SINGLE_FRAMES * is_single, self._lag)

    def _model_names(self) -> list[str]:
        return rungs(read_manifest(folder_of(self.config)), self.config.denoise)

    def _use_model(self, name: str, has_budget: bool) -> bool:
        """Run this model from the next frame on, unless it is too slow for its budget."""
        old = self._assembly.chain.restorer
        if old is not None and name.removesuffix(SINGLE_FRAMES) == old.model.spec.name:
            old.denoise = 0.0 if name.endswith(SINGLE_FRAMES) else self.config.denoise
            return True
        new = make_restorer(replace(self.config, model=name))
        if old is None or (has_budget and not keeps_budget(new, self.config.fps)):
            return False
        return self._assembly.exchange_restorer(old, new, self._pipeline.set_stages)

    def _move(self, command: Command) -> None:
        """Give the output back, or take it again."""
        if command.release and isinstance(self._sink, KeptSink):
            self._sink.release()
            self._terms.presence.settle()  # who looks for watchers has the node open, too
        if command.resume:
            self._shutter.set_paused(False)  # first: a pause that comes from now on is the later one
            if isinstance(self._sink, KeptSink):
                self._sink.retake()

    def _reload(self, config: Config) -> None:
        self._upkeep.note_load(self._upkeep.look(folder_of(self.config)))  # before: a bad one is tried once
        self._apply(config, is_reload=True)

    def _apply(self, config: Config, is_reload: bool = False) -> None:
        seen = self._upkeep.look(folder_of(config))
        changed = self._assembly.apply(config, self._pipeline.set_stages, is_reload)
        if MODEL_KEYS & changed or is_reload:
            self._lag.forget()
            self._pace.forget()
        if MODEL_KEYS & changed:
            self._upkeep.note_load(seen)
        if changed & {*MODEL_KEYS, "link"}:
            return_freed_memory()  # of the model or the codecs before
        self._shutter.set_always_on(config.always_on)
        if "source" in changed:
            self._health.camera_error = ""
            self._opening = self._draw_opening()
            self._shutter.show_if_open(self._opening)
            self._pipeline.reopen_source()

    def _open_source(self) -> Source:
        config = self.config
        self._opened, self._source = config.source, None  # should it not be made, the last one is history
        self._source = self._make_source(config)
        return self._source

    def _make_pipeline(self) -> Pipeline:
        policy: Policy = FailFast()
        if self._terms.is_patient:
            policy = KeepGoing(self._health, self._show_cause, self._assembly.leave_out, self._public)
        return Pipeline(
            self._open_source,
            self._assembly.chain.stages(),
            self._sink,
            size=self.config.size,
            fps=self.config.fps,
            placeholder=self._card,
            policy=policy,
            limit=self._terms.limit,
        )

    def _public(self, text: str) -> str:
        """A sentence about the source as others may read it, be it of the one before a change."""
        return public_text(public_text(text, self._opened), self.config.source)

    def _draw_opening(self) -> Frame:
        return self._draw("Starting", f"Opening {public_name(self.config.source)}")

    def _draw(self, title: str, detail: str) -> Frame:
        return placeholder(self.config.size, title, without_folders(detail))

    def _show_opening(self) -> None:
        self._terms.begin_call()
        self._health.camera_error = ""
        self._show(self._opening)

    def _show_cause(self, cause: str) -> None:
        if cause:
            self._shutter.show_if_open(self._draw("Waiting for the camera", cause))

    def _show(self, card: Frame) -> None:
        self._card = card
        self._pipeline.set_placeholder(card)
