"""Makes the parts that a Config names: source, stages, presence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from vcam.address import is_whip
from vcam.camera.effort import budget_of, threads_of
from vcam.camera.engines import EngineChoice
from vcam.camera.last_device import LastDevice
from vcam.camera.model_choice import Budget, choose_model
from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.config import Config
from vcam.errors import ModelError
from vcam.link import Link, parse_profile
from vcam.manifest import read_manifest, weights_folder
from vcam.paths import engine_cache, verdict_cache
from vcam.pipeline import Sink, Source, Stages
from vcam.presence import FollowingProbe, Presence, Probe, Watchers, find_probe
from vcam.restore import Engine, Model, Restorer, prepare_cache
from vcam.restore.plugins import PLUGINS
from vcam.restore.verdicts import Verdicts
from vcam.sinks import PipeWireSink, VirtualCameraSink
from vcam.sinks.disk import check_free, check_not_input
from vcam.sources import CaptureDevice, DeviceChoice, Receivers, Shares, list_devices, make_source
from vcam.sources.file import FileSource
from vcam.sources.screen import is_screen
from vcam.v4l2loopback.cameras import find_virtual_camera

OFF = "off"


@dataclass(frozen=True)
class Chain:
    """The stages of the camera: what was left out, or has failed, is None."""

    link: Link | None
    restorer: Restorer | None

    def stages(self) -> Stages:
        """In order: the simulated link, then the restoration."""
        named = (("link", self.link), ("restore", self.restorer))
        return [(name, stage) for name, stage in named if stage is not None]


def folder_of(config: Config) -> Path:
    """Where the models of a configuration lie."""
    return Path(config.weights) if config.weights else weights_folder()


def load_model(config: Config, budget: Budget | None = None) -> Model:
    """The model that the configuration asks for, loaded and warm. Raises ModelError.

    budget  for one run of it, where `model` is "auto"; None for what frame rate and effort leave
    """
    folder = folder_of(config)
    plugin = PLUGINS.get(config.provider)
    is_plugin_gpu = plugin is not None and plugin.device == "GPU"
    cache = prepare_cache(engine_cache()) if config.provider == "tensorrt" else None
    own = "cpu" if plugin else config.provider
    engine = Engine(own, threads_of(config), config.require_gpu and not is_plugin_gpu, cache)
    budget = budget or budget_of(config)
    load = EngineChoice(config.provider, config.size, Verdicts(verdict_cache())).load
    model = choose_model(read_manifest(folder), folder, engine, config.size, budget, config.model, load)
    if config.require_gpu and is_plugin_gpu and model.health and model.health.fault:
        raise ModelError(f"a GPU is required, but {config.provider} is not used: {model.health.fault}")
    return model


def make_restorer(config: Config) -> Restorer:
    """The restore stage, warm. Raises ModelError."""
    restorer = Restorer(load_model(config), config.size, is_live=True)
    set_looks(restorer, config)
    return restorer


def set_looks(restorer: Restorer, config: Config) -> None:
    """Give a restorer the settings that may change while it runs."""
    restorer.strength, restorer.crispness = config.strength, config.crispness
    restorer.denoise = config.denoise


def keeps_budget(restorer: Restorer, config: Config) -> bool:
    """Whether its model's warm-up left enough of a frame's time for all else."""
    return budget_of(config).holds(restorer.model)


def make_link(text: str, seed: int = 0) -> Link | None:
    """The link stage of a profile's text; None for "off". Raises LinkError."""
    return None if text == OFF else Link(parse_profile(text), np.random.default_rng(seed))


def make_chain(config: Config, seed: int = 0, has_restore: bool = True) -> Chain:
    """All stages. Raises LinkError or ModelError."""
    return Chain(make_link(config.link, seed), make_restorer(config) if has_restore else None)


def make_source_of(
    config: Config,
    loop: bool = True,
    cameras: Callable[[], Sequence[CaptureDevice]] | None = None,
    used: Callable[[CaptureDevice], None] = lambda camera: None,
    receivers: Receivers | None = None,
    shares: Shares | None = None,
) -> Source:
    """The source that a Config names, not yet open.

    loop     a file begins again at its end, as a camera would go on
    cameras  lists those that `auto` chooses from; None for all in their order
    used     gets the webcam that gives pictures
    receivers  keeps what receives from a phone; it ends where another source is named
    shares     keeps what shares a Wayland desktop's screen; the same
    """
    if shares is not None and not is_screen(config.source):
        shares.end()
    if receivers is not None and not is_whip(config.source):
        receivers.end()
    return make_source(
        config.source,
        size=config.size,
        fps=config.fps,
        loop=loop,
        cameras=cameras or partial(list_devices, own=find_own(config)),
        own=find_own(config),
        used=used,
        controls=config.camera,
        receivers=receivers,
        shares=shares,
    )


def check_recording(config: Config, target: Path, overwrites: bool) -> None:
    """Raise SinkError if a file may not be recorded: it is there already, or the source itself."""
    source = make_source_of(config, loop=False)
    if isinstance(source, FileSource):
        check_not_input(source.path, target)
    check_free(target, overwrites)


def make_device_choice(config: Config, last: LastDevice) -> DeviceChoice:
    """The cameras for `auto`: first the one of this call, then the one that was used last."""
    return DeviceChoice(partial(list_devices, own=find_own(config)), recall=last.read)


def find_own(config: Config) -> Path | None:
    """The node that the settings publish to, where they name it."""
    return Path(config.sink) if config.sink.startswith("/dev/video") else None


def make_presence(config: Config, sink: Sink) -> Presence:
    """Who watches a sink: of a camera it can be told, of any other somebody always does.

    A kept sink is followed to wherever it publishes. While it publishes nowhere, or only to the page that
    stands in for it, nobody watches but who looks at the page.
    """
    if not isinstance(sink, ReconnectingSink):
        return Presence(find_probe_of(config, sink))
    presence = Presence(FollowingProbe(lambda: sink.output, partial(find_probe_of, config)))
    sink.on_move = presence.look_again
    return presence


def make_watchers(config: Config, sink: Sink) -> Watchers:
    """The programs that watch a sink, as far as that can be told."""

    def where() -> Path | None:
        output = sink.output if isinstance(sink, ReconnectingSink) else sink
        return find_node(config.sink) if isinstance(output, VirtualCameraSink) else None

    return Watchers(where)


def find_probe_of(config: Config, sink: Sink) -> Probe | None:
    """What tells who watches an open sink; None if nothing does."""
    if isinstance(sink, PipeWireSink):
        return sink.probe()
    node = find_node(config.sink) if isinstance(sink, VirtualCameraSink) else None
    return find_probe(node) if node else None


def find_node(spec: str) -> Path | None:
    """The node behind the sink that a virtual camera's name means, "auto", "virtual" or "/dev/videoN"."""
    node = Path(spec) if spec.startswith("/dev/video") else find_virtual_camera()
    return node.resolve() if node else None
