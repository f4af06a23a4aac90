"""The daemon: one instance, its camera, its control sockets and its signals."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.existence import check_existence, find_surroundings
from vcam.camera.history import History
from vcam.camera.last_device import LastDevice
from vcam.camera.parts import Chain, make_device_choice, make_presence, make_source_of, make_watchers
from vcam.camera.restart import RestartableCamera
from vcam.config import Config, load_config
from vcam.config_file import SavedSettings
from vcam.control.app import make_app
from vcam.control.server import ControlServer
from vcam.control.status import Facts
from vcam.daemon.background import BackgroundWork
from vcam.daemon.control_socket import ControlSocket
from vcam.daemon.diagnosis import Diagnosis
from vcam.daemon.signals import Flags, catch_signals
from vcam.daemon.suspend import SuspendDetector
from vcam.daemon.systemd import Monitored, WatchdogNotifier, find_supervisor
from vcam.instance import Instance
from vcam.live_opinions import LiveOpinions
from vcam.memory import keep_freed_memory
from vcam.page.memory import PageMemory
from vcam.page.page import open_page
from vcam.paths import Paths, hide_from_others, make_private
from vcam.pipeline import Sink
from vcam.sources import Receivers, Shares

log = logging.getLogger(__name__)

SILENT_S = 20.0  # longest silence of the control API
LOOK_S = 1.0  # how soon the end of the camera, a suspend and a deleted socket are seen


def run_daemon(paths: Paths, given: Mapping[str, str] | None = None) -> None:
    """Run the camera until it is told to stop.

    given  settings that win over those of the configuration file
    Raises AlreadyRunningError, or the VcamError of a part that cannot be made at the start.
    """
    make_private(paths.runtime)
    hide_from_others(paths.config)
    keep_freed_memory()
    with Instance(*paths.locks) as instance, catch_signals(is_daemon=True) as flags:
        saved = SavedSettings(paths.config, given=given)
        config = saved.load()
        last = LastDevice(paths.last_camera)
        for awaited in check_existence(
            config, given or {}, find_surroundings(last, load_config(paths.config))
        ):
            log.warning("%s", awaited)
        receivers, shares = Receivers(paths.phone), Shares(paths.screen_token)
        opinions = LiveOpinions(paths.opinions)
        make = partial(
            make_camera,
            saved=saved,
            last=last,
            history=History(),
            receivers=receivers,
            shares=shares,
            opinions=opinions,
        )
        with (
            receivers,
            shares,
            RestartableCamera(config, make, saved, on_stop=flags.ring) as camera,
            serve(camera, paths, instance, config.preview_port, receivers) as (look, is_served),
        ):
            run_camera(camera, flags, look=look, is_served=is_served)


def make_camera(
    config: Config,
    chain: Chain,
    sink: Sink,
    *,
    saved: SavedSettings,
    last: LastDevice,
    history: History,
    receivers: Receivers,
    shares: Shares,
    opinions: LiveOpinions,
) -> Camera:
    """The daemon's camera on an open output."""
    cameras = make_device_choice(config, last)
    terms = CameraOptions(
        saved=saved,
        presence=make_presence(config, sink),
        watchers=make_watchers(config, sink).names,
        begin_call=cameras.begin_call,
        check=partial(check_existence, around=find_surroundings(last, saved.started)),
        opinions=opinions,
        history=history,
    )
    source_of = partial(make_source_of, cameras=cameras, used=last.note, receivers=receivers, shares=shares)
    return Camera(config, chain, sink, source_of, terms)


def run_camera(
    camera: RestartableCamera,
    flags: Flags,
    suspends: SuspendDetector | None = None,
    look: Callable[[], None] = lambda: None,
    is_served: Callable[[], bool] = lambda: True,
) -> None:
    """Start the camera and wait until it ends or is asked to; then stop it. Raises what ended it.

    look       called periodically; an error that it raises ends the camera
    is_served  whether the control API still answers; a camera that cannot be paused counts as dead
    """
    suspends = suspends or SuspendDetector()
    notifier = WatchdogNotifier(MonitoredCamera(camera, is_served), find_supervisor(os.environ, os.getpid()))
    log.info("started")
    camera.start()
    # the background is left last: a model that is being loaded is waited for there
    with BackgroundWork(camera, flags, notifier):
        try:
            with notifier:
                while not (camera.wait(0) or flags.stop.is_set() or camera.is_stopping.is_set()):
                    flags.wait(LOOK_S)
                    _look(camera, suspends)
                    look()
        finally:
            camera.stop()
    log.info("stopped")


class MonitoredCamera:
    """A camera as the watchdog sees it: alive while its output ticks and the control API answers."""

    def __init__(self, camera: Monitored, is_served: Callable[[], bool]) -> None:
        self._camera = camera
        self._is_served = is_served
        self._output_ticks = 0

    def state(self) -> str:
        return self._camera.state() if self._is_served() else "the control API does not answer"

    def output_ticks(self) -> int:
        if self._is_served():
            self._output_ticks = self._camera.output_ticks()
        return self._output_ticks


def _look(camera: RestartableCamera, suspends: SuspendDetector) -> None:
    slept_s = suspends.look()
    if slept_s:
        log.info("slept for %.0f s: opening the source again", slept_s)
        camera.wake()


@contextmanager
def serve(
    camera: RestartableCamera, paths: Paths, instance: Instance, port: int, receivers: Receivers
) -> Iterator[tuple[Callable[[], None], Callable[[], bool]]]:
    """Serve the control API on both sockets; leaves no file behind.

    Yields a function that makes deleted files again, and one that tells whether both sockets still answer.
    """
    memory = PageMemory(paths.page_memory)
    diagnosis = Diagnosis(paths, camera.status, lambda: camera.config, lambda: camera.chain)
    more: Facts = {"doctor": diagnosis.as_json, "phone": receivers.as_json}
    page = open_page(camera, partial(make_app, camera, is_public=True, more=more), port, memory)
    camera.preview_url = page.url
    app = make_app(camera, page.local_routes(), more=more)
    with ControlServer([page.listener]) as server, ControlSocket(app, paths, instance) as control:
        yield control.look, lambda: max(server.silence_s, control.silence_s) < SILENT_S
