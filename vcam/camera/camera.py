"""The running camera: a pipeline, its parts, and the commands that change them while it runs."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from vcam.adjust import Adjust, Figures
from vcam.camera.cards import Cards
from vcam.camera.chain import MODEL_KEYS, RunningChain
from vcam.camera.facts import find_unsaved, list_models, list_settings
from vcam.camera.lag import Counts
from vcam.camera.opinions import change_opinions
from vcam.camera.options import CameraOptions
from vcam.camera.parts import Chain, find_own, folder_of
from vcam.camera.policy import AwaitSender, Health, KeepGoing
from vcam.camera.presets import change_preset, list_presets, preset_for, use_preset
from vcam.camera.processor_share import ProcessorShare
from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.camera.recorder import RecordedSink
from vcam.camera.running_model import RunningModel
from vcam.camera.source_gate import SourceGate
from vcam.camera.status import make_status, name_state
from vcam.camera.warnings import find_warnings
from vcam.camera.wishes import CARD_KEYS, wishes_of
from vcam.config import FIXED, Config, list_changes, replace_settings
from vcam.config_file import SavedSettings
from vcam.control.status import Command, Facts, Status
from vcam.errors import VcamError
from vcam.frame import Frame
from vcam.memory import return_freed_memory
from vcam.model_versions import roll_back
from vcam.pipeline import FINISH, Pipeline, Policy, Result, Sink, Source
from vcam.public import public_text
from vcam.sources import CaptureDevice, WebcamSource, list_facts

log = logging.getLogger(__name__)

LOOK_S = 0.25
REST_S = 0.9  # while the source is closed on purpose: just enough for the history's sample of each second

SourceFactory: TypeAlias = Callable[[Config], Source]


class Camera:
    """Runs the parts that a Config names, reports their state, and changes them between two frames.

    Any thread may call any method. A change of settings waits for the change before it, and for a
    model that is being loaded; a pause and a stop do not wait.
    """

    def __init__(
        self,
        config: Config,
        chain: Chain,
        sink: Sink,
        make_source: SourceFactory,
        options: CameraOptions | None = None,
    ) -> None:
        self.preview_url = ""
        self.is_stopping = threading.Event()
        self._sink = sink
        self._options = options or CameraOptions()
        self._recorded = RecordedSink(sink, config.size, config.fps, self._options.videos)
        self._make_source = make_source
        self._health = Health()
        self._chain = RunningChain(config, chain, self._health, seed=self._options.seed)
        self._model = RunningModel(
            self._chain, self._health, lambda: self._reload(self.config), self._options.clock
        )
        self._share = ProcessorShare()
        self._source: Source | None = None  # the one opened last
        self._seen: CaptureDevice | None = None  # the webcam whose preset was looked for last
        self._opened = config.source  # its name in the configuration
        self._since_s, self._started_at = time.monotonic(), time.time()
        self._loading = threading.Lock()  # of what may load a model; nobody else waits for that
        self._moving = threading.Lock()  # of the output, which may hang
        self._cards = Cards(config)
        self._card = self._opening = self._cards.opening()
        self._adjust = Adjust(wishes_of(config), self._figures)
        self._pipeline = self._make_pipeline()
        self._chain.use = self._pipeline.set_stages
        self._gate = SourceGate(
            self._pipeline, self._draw_closed, self._show, self._show_opening, is_always_on=config.always_on
        )

    @property
    def config(self) -> Config:
        return self._chain.config

    @property
    def chain(self) -> Chain:
        return self._chain.chain

    @property
    def is_paused(self) -> bool:
        """Whether the user has paused it."""
        return self._gate.is_paused

    def take_over(self, old: "Camera") -> None:
        """Go on as an old one was left: paused, or with a webcam that it knows."""
        self._seen = old._seen
        self._gate.set_paused(old.is_paused)

    def hand_over_failures(self, other: "Camera") -> None:
        """Tell a camera with the same stages which of them have failed."""
        other._health.stage_errors.update(self._health.stage_errors)
        other._health.model_error = self._health.model_error

    def start(self) -> None:
        self._since_s, self._started_at = time.monotonic(), time.time()
        self._model.note_load()
        self._options.presence.start(self._gate.set_present)  # first: with nobody there, nothing is opened
        self._pipeline.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the camera to end by itself; True if it did. Raises what ended it."""
        return self._pipeline.wait(timeout_s)

    def stop(self) -> None:
        """End the pipeline. The sink is the caller's to close."""
        self._options.presence.stop()
        self._pipeline.stop()
        self._recorded.close()

    def latest(self) -> Result | None:
        return self._pipeline.latest()

    def look(self) -> Result | None:
        self._options.presence.note_viewer()
        return self._pipeline.latest()

    def placeholder(self) -> Frame:
        return self._card

    def state(self) -> str:
        """The state in words, with the cause if something is wrong."""
        return self._public(name_state(self._pipeline, self._health, self._gate.closed, self._sink))

    def output_ticks(self) -> int:
        """Number of output ticks so far. It grows as long as the output is alive, whatever it shows."""
        return self._pipeline.meter.output_ticks

    def status(self) -> Status:
        status = make_status(
            self.config,
            self._chain.chain,
            self._pipeline.meter.read(time.monotonic_ns()),
            state=self.state(),
            source=self._public(str(getattr(self._source, "name", self.config.source))),
            sink=self._sink,
            since_s=self._since_s,
        )
        source = None if self._gate.closed else self._source
        parts = (self.config, self._chain.chain, self._health, source, self._sink)
        found = [
            *find_warnings(*parts, self._model.late, status.state, self._adjust.mains_hz),
            self._model.reason,
            self._cards.fault,
            self._recorded.fault,
        ]
        return replace(
            status,
            preview_url=self.preview_url,
            cpu_cores=None if (cores := self._share.cores) is None else round(cores, 2),
            warnings=tuple(self._public(warning) for warning in found if warning),
            is_frozen=self._pipeline.is_frozen,
            gain_db=None if self._adjust.gain_db is None else round(self._adjust.gain_db, 2),
            watchers=self._options.watchers(),
            recording=self._recorded.status(),
            started_at=round(self._started_at, 3),
            unsaved=find_unsaved(self.config, self._options.saved),
        )

    def facts(self) -> Facts:
        """What clients can read beside the status."""
        opinions = self._options.opinions
        return {
            "devices": lambda: {"cameras": list_facts(find_own(self.config), self._measured())},
            "settings": lambda: list_settings(self.config, self._options.saved),
            "presets": lambda: list_presets(self.config),
            "models": lambda: list_models(folder_of(self.config), self._model.name),
            "history": lambda: self._options.history.as_json(self._options.clock()),
            "opinions": lambda: {"counts": opinions.counts() if opinions else None},
        }

    def _measured(self) -> dict[Path, float | None]:
        """The rate of the webcam that is open, by its node."""
        source = None if self._gate.closed else self._source
        if not isinstance(source, WebcamSource) or source.camera is None:
            return {}
        return {source.camera.path: source.measured_fps}

    def wake(self) -> None:
        """Call this after a suspend: open devices may hang, and who watches has to be found out again."""
        self._pipeline.reopen_source()
        self._options.presence.look_again()

    def do(self, command: Command) -> None:
        """Carry out a command.

        Raises VcamError if a setting cannot be used; then nothing has changed. Raises SinkError if the output
        hangs and cannot be released; then the camera is only paused.
        """
        if command.restart is not None:
            raise VcamError("only the camera in the background can be restarted: sharpkd start")
        if command.changes_settings:
            with self._loading:
                self._change(command)
        if command.toggle == "pause":
            is_paused = self._gate.is_paused
            command = Command(pause=not is_paused, resume=is_paused)
        if command.toggle == "freeze" or command.freeze is not None:
            self._freeze(not self._pipeline.is_frozen if command.freeze is None else command.freeze)
        if command.record is not None:
            self._recorded.record(command.record)
        if command.opinion is not None or command.forget_opinions:
            change_opinions(self._options.opinions, command, self.status(), self._chain.chain.restorer)
        if command.pause or command.release:
            self._gate.set_paused(True)  # first, and without a lock that an output may hold up
        if command.release or command.resume:
            with self._moving:
                self._move(command)
        if command.stop:
            self.is_stopping.set()

    def _change(self, command: Command) -> None:
        if command.toggle == "mirror":
            self._apply(replace(self.config, mirror=not self.config.mirror))
        if command.set:
            self._take(replace_settings(self.config, command.set))
        if command.reload:
            self._reload(self._options.saved.load() if self._options.saved else self.config)
        if command.rollback is not None:
            roll_back(folder_of(self.config), command.rollback)
            self._reload(self.config)
        if command.save:
            self._file().save(self.config)
        if command.preset is not None:
            self._apply(change_preset(self.config, command.preset, self._file()))
        if command.revert:
            kept = {key: getattr(self.config, key) for key in FIXED}  # a restart changes these
            self._take(replace(self._file().last(), **kept))

    def _file(self) -> SavedSettings:
        if self._options.saved is None:
            raise VcamError("this camera has no configuration file; start one that has: sharpkd start")
        return self._options.saved

    def poll(self) -> float:
        """Periodic work; returns in how many seconds it is due again.

        It may take long: a model may be loaded.
        """
        self._note_history()
        self._share.note()
        self._model.note_counts(Counts(self._options.clock(), *self._pipeline.meter.counts()))
        with self._loading:
            self._use_preset_of_camera()
            self._model.poll()
        return REST_S if self._gate.closed else LOOK_S

    def _use_preset_of_camera(self) -> None:
        """Apply the preset that is for a camera when it is another one than before that gives pictures."""
        camera = getattr(self._source, "camera", None)
        if camera is None or camera == self._seen or self._pipeline.latest() is None:
            return
        self._seen = camera
        name = preset_for(self.config, camera)
        if name:
            self._apply(use_preset(self.config, name))
            log.info("%s: its preset is used, %s", camera.name, name)

    def _note_history(self) -> None:
        now_ns = self._options.clock()
        if not self._options.history.is_due(now_ns):
            return
        stats = self._chain.chain.link.stats if self._chain.chain.link else None
        self._options.history.note(
            now_ns,
            self._pipeline.meter,
            kbps=stats.kbps if stats else None,
            gain_db=self._adjust.gain_db,
            link_drops={"link_skipped": stats.skipped, "link_lost": stats.lost} if stats else None,
        )

    def _freeze(self, is_wanted: bool) -> None:
        if not is_wanted:
            self._pipeline.unfreeze()
        elif not self._pipeline.freeze():
            raise VcamError(f"there is no picture to freeze: the camera is {self.state()}")

    def _move(self, command: Command) -> None:
        """Release the output, or open it again."""
        if command.release and isinstance(self._sink, ReconnectingSink):
            self._sink.release()
            self._options.presence.settle()  # who looks for watchers has the node open, too
        if command.resume:
            self._gate.set_paused(False)  # first: a pause that comes from now on is the later one
            if isinstance(self._sink, ReconnectingSink):
                self._sink.retake()

    def _reload(self, config: Config) -> None:
        self._model.note_load()  # before loading
        self._take(config, is_reload=True)

    def _take(self, config: Config, is_reload: bool = False) -> None:
        """Apply settings from outside, if what they name is there."""
        awaited = self._options.check(config, list_changes(config, self.config))
        self._apply(config, is_reload)
        self._health.awaited = awaited or self._health.awaited

    def _apply(self, config: Config, is_reload: bool = False) -> None:
        seen = self._model.look(config)
        cards = self._cards.after(config)
        changed = self._chain.apply(config, is_reload)
        self._adjust.wishes = wishes_of(config)
        if is_reload and self._health.stage_errors.pop(FINISH, ""):
            self._adjust = Adjust(wishes_of(config), self._figures)
            self._pipeline.set_finish(self._adjust)
        self._cards = cards
        if changed & CARD_KEYS:
            self._gate.redraw()
        if "camera" in changed and isinstance(self._source, WebcamSource):
            self._source.set_controls(config.camera)
        self._model.note_change(changed, is_reload, seen)
        if changed & {*MODEL_KEYS, "link"}:
            return_freed_memory()  # of the model or the codecs before
        self._gate.set_always_on(config.always_on)
        if "source" in changed:
            self._health.camera_error, self._health.awaited = "", ()
            self._opening = self._cards.opening()
            self._gate.show_if_open(self._opening)
            self._pipeline.reopen_source()

    def _open_source(self) -> Source:
        config = self.config
        self._opened, self._source = config.source, None  # if this fails, the last one is not shown any more
        self._source = self._make_source(config)
        return self._source

    def _make_pipeline(self) -> Pipeline:
        policy: Policy = AwaitSender()
        if self._options.is_patient:
            policy = KeepGoing(self._health, self._show_cause, self._chain.leave_out, self._public)
        return Pipeline(
            self._open_source,
            self._chain.chain.stages(),
            self._recorded,
            size=self.config.size,
            fps=self.config.fps,
            placeholder=self._card,
            policy=policy,
            limit=self._options.limit,
            finish=self._adjust,
        )

    def _figures(self) -> Figures:
        """What an overlay may show; its gain is measured by who draws it."""
        link = self._chain.chain.link
        return Figures(self._pipeline.meter.fps(time.monotonic_ns()), link.stats.kbps if link else None)

    def _public(self, text: str) -> str:
        """A sentence without the secrets of the source, or of the source before a change."""
        return public_text(public_text(text, self._opened), self.config.source)

    def _draw_closed(self, title: str, detail: str) -> Frame:
        return self._cards.closed(title, detail)

    def _show_opening(self) -> None:
        self._options.begin_call()
        self._health.camera_error = ""
        self._show(self._opening)

    def _show_cause(self, cause: str) -> None:
        if cause:
            self._gate.show_if_open(self._cards.waiting(cause))

    def _show(self, card: Frame) -> None:
        self._card = card
        self._pipeline.set_placeholder(card)
