"""A camera whose output is rebuilt while all that is asked of it stays where it is."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from vcam.camera.camera import Camera
from vcam.camera.parts import Chain, make_chain
from vcam.camera.reconnecting_sink import ReconnectingSink, open_sink, open_sink_later
from vcam.config import Config, as_written, replace_settings
from vcam.config_file import SavedSettings
from vcam.control.status import RESTART_KEYS, Command, Facts, Status
from vcam.errors import ConfigError, SinkError, VcamError
from vcam.frame import Frame
from vcam.pipeline import Result, Sink
from vcam.sinks import check_sink
from vcam.sinks.file import VIDEO_ENDINGS

log = logging.getLogger(__name__)

OpenOutput: TypeAlias = Callable[[Config], Sink]
MakeCamera: TypeAlias = Callable[[Config, Chain, Sink], Camera]


class RestartableCamera:
    """A Camera that is replaced by another one when size, rate or sink change; entered, it has its output.

    make        makes the camera of a configuration, its stages and an open sink
    saved       the configuration's file
    open_now    opens the output of a configuration, or raises SinkError
    open_later  the same, but what cannot be opened now is tried again
    on_stop     called when a command asks for the end, after `is_stopping` was set; must not block

    What clients hold stays valid: this object, and so the page's port and sessions. The user's pause is taken
    over; a freeze and a recording end. Any thread may call any method.
    """

    def __init__(
        self,
        config: Config,
        make: MakeCamera,
        saved: SavedSettings | None = None,
        open_now: OpenOutput = open_sink,
        open_later: OpenOutput = open_sink_later,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self.is_stopping = threading.Event()
        self._first = config
        self._make = make
        self._saved = saved
        self._open_now = open_now
        self._open_later = open_later
        self._on_stop = on_stop
        self._changing = threading.Lock()  # of settings; held while a model is being loaded
        self._moving = threading.Lock()  # from one camera to the next
        self._is_over = False
        self._preview_url = ""
        self._camera: Camera
        self._sink: Sink
        self._ticks_before = 0  # of the cameras before

    def __enter__(self) -> Self:
        """Make the stages and open the output. Raises VcamError."""
        chain = make_chain(self._first)
        self._sink = self._open_now(self._first)
        self._camera = self._make(self._first, chain, self._sink)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sink.close()  # shows one black frame, so that no stale face stays

    @property
    def config(self) -> Config:
        return self._camera.config

    @property
    def chain(self) -> Chain:
        return self._camera.chain

    @property
    def preview_url(self) -> str:
        return self._preview_url

    @preview_url.setter
    def preview_url(self, url: str) -> None:
        self._preview_url = self._camera.preview_url = url

    def start(self) -> None:
        self._camera.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the camera to end by itself; True if it did. Raises what ended it."""
        camera = self._camera
        try:
            is_over = camera.wait(timeout_s)
        except Exception:
            if self._is_current(camera):
                raise
            return False
        return is_over and self._is_current(camera)

    def stop(self) -> None:
        """End the camera; none takes its place any more."""
        with self._moving:
            self._is_over = True
            self._camera.stop()

    def latest(self) -> Result | None:
        return self._camera.latest()

    def look(self) -> Result | None:
        return self._camera.look()

    def placeholder(self) -> Frame:
        return self._camera.placeholder()

    def state(self) -> str:
        return self._camera.state()

    def output_ticks(self) -> int:
        """Number of output ticks so far, those of the outputs before among them."""
        return self._ticks_before + self._camera.output_ticks()

    def status(self) -> Status:
        return self._camera.status()

    def facts(self) -> Facts:
        def find(name: str) -> Callable[[], dict[str, object]]:
            return lambda: self._camera.facts()[name]()

        return {name: find(name) for name in self._camera.facts()}

    def wake(self) -> None:
        self._camera.wake()

    def poll(self) -> float:
        with self._changing:  # what it changes of a camera must not be lost in an exchange
            return self._camera.poll()

    def do(self, command: Command) -> None:
        """Carry out a command; see Camera.do. Raises VcamError.

        A restart that fails has left the output as it was: it is opened again, or waited for.
        """
        if command.changes_settings or command.restart is not None:
            with self._changing:
                self._change(command)
        elif command.pause or command.release or command.freeze is not None:
            with self._moving:  # else it might be said to a camera that has just been replaced
                self._camera.do(command)
        else:
            self._camera.do(command)
        if command.stop:
            self.is_stopping.set()
            self._on_stop()

    def _change(self, command: Command) -> None:
        if command.revert and self._saved is not None:
            saved = self._saved.last()
            keys = [key for key in RESTART_KEYS if key in self._saved.unsaved(self.config)]
            if keys:
                self._restart({key: as_written(getattr(saved, key)) for key in keys})
        if command.changes_settings:
            self._camera.do(command.model_copy(update={"restart": None}))
        if command.restart is not None:
            self._restart(command.restart)

    def _restart(self, wanted: Mapping[Any, object]) -> None:
        """Rebuild the output. What can be checked before is, and the model is ready before it ends."""
        old = self._camera
        config = replace_settings(old.config, wanted)
        _check_outputs(self._sink, config)
        chain = make_chain(config)
        with self._moving:
            if self._is_over:
                raise VcamError("the camera is being stopped")
            self._exchange(old, config, chain)
        log.info("rebuilt the output: %s", ", ".join(f"{key} {value}" for key, value in wanted.items()))

    def _exchange(self, old: Camera, config: Config, chain: Chain) -> None:
        old.stop()
        self._sink.close()
        try:
            self._sink = self._open_now(config)
        except VcamError as error:
            self._sink = self._open_later(old.config)
            self._put(self._make(old.config, old.chain, self._sink), old)
            old.hand_over_failures(self._camera)
            self._camera.start()
            raise type(error)(f"{error}; the output is as it was before") from None
        self._put(self._make(config, chain, self._sink), old)
        self._camera.start()

    def _put(self, new: Camera, old: Camera) -> None:
        new.preview_url = self._preview_url
        new.take_over(old)
        self._ticks_before += old.output_ticks()
        self._camera = new

    def _is_current(self, camera: Camera) -> bool:
        with self._moving:  # an exchange ends the old one, which is not the end
            return camera is self._camera


def _check_outputs(old: Sink, config: Config) -> None:
    """Refuse what a restart must not end or begin. Raises VcamError."""
    if Path(str(getattr(old, "name", ""))).suffix.lower() in VIDEO_ENDINGS:
        raise SinkError("the output is a file, which would end; stop the camera first: sharpkd stop")
    if Path(config.sink).suffix.lower() in VIDEO_ENDINGS:
        raise ConfigError(
            "a file cannot be the output of a running camera: record beside it,"
            " or run: sharpkd run --sink FILE"
        )
    if isinstance(old, ReconnectingSink) and old.is_released:
        raise SinkError("the output is released; run: sharpkd resume")
    check_sink(config.sink)
