"""Whether what a changed setting names is there: a camera, a file, a model, a link, an output.

All that changes settings passes here: the control API, and so commands, tray and page, a reload, and
`sharpkd set --save` while nothing runs. A camera that is merely unplugged may be named all the same: by its
node, by its link in /dev/v4l, or by a name that this user's settings or cameras have had before.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from vcam.camera.last_device import LastDevice
from vcam.camera.parts import OFF, find_own, folder_of
from vcam.camera.wishes import picture_of
from vcam.config import Config
from vcam.errors import ModelError, SinkError, SourceError
from vcam.link import parse_profile
from vcam.manifest import FILE_NAME, read_manifest
from vcam.regular import check_regular
from vcam.sinks import SINKS, check_sink
from vcam.sources import CaptureDevice, FileSource, StreamSource, WebcamSource, list_devices, make_source
from vcam.sources.devices import NEEDS_RELAY, OURS, is_meant
from vcam.spelling import closest
from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import require_virtual_camera

AUTO = "auto"
NODE = re.compile(r"/dev/video\d{1,3}|/dev/v4l/by-(id|path)/[^/]+|\d{1,3}")  # of a device, there or not
NEVER = (OURS, NEEDS_RELAY)  # what waiting does not change

ListDevices: TypeAlias = Callable[..., Sequence[CaptureDevice]]


@dataclass(frozen=True)
class Surroundings:
    """What the names of settings are looked up in.

    cameras  lists those that are there; takes `own`, the node that this program publishes to
    known    names of cameras that were used before
    before   the source that these settings had before; empty for none
    roots    where Linux shows its video devices
    """

    cameras: ListDevices = list_devices
    known: Callable[[], Iterable[str]] = lambda: ()
    before: str = ""
    roots: VideoRoots = SYSTEM


def find_surroundings(last: LastDevice, before: Config | None) -> Surroundings:
    """This machine, with the camera used last and the settings of before."""

    def known() -> list[str]:
        camera = last.read()
        return [camera.name] if camera else []

    return Surroundings(known=known, before=before.source if before else "")


def check_existence(
    config: Config, changed: Collection[str], around: Surroundings | None = None
) -> tuple[str, ...]:
    """Look for what the changed settings name; returns a sentence for each device that is awaited.

    Raises SourceError, SinkError, LinkError, ModelError or ConfigError for what is not there.
    """
    around = around or Surroundings()
    checks: dict[str, Callable[[], str | None]] = {
        "source": partial(_check_source, config, around),
        "sink": partial(_check_sink, config.sink, around.roots),
        "link": partial(_check_link, config.link),
        "weights": partial(_check_weights, config),
        "model": partial(_check_model, config),
        "card_picture": partial(_check_picture, config),
    }
    return tuple(filter(None, (check() for key, check in checks.items() if key in changed)))


def _check_source(config: Config, around: Surroundings) -> str | None:
    source = make_source(config.source, size=config.size, fps=config.fps)
    if isinstance(source, FileSource):
        _check_file(source.path)
    elif isinstance(source, StreamSource) and "://" not in source.url:
        _check_file(Path(source.url))
    elif isinstance(source, WebcamSource) and config.source != AUTO:
        return _check_camera(config, around)
    return None


def _check_file(path: Path) -> None:
    try:
        check_regular(path)
    except OSError as error:
        raise SourceError(
            f"the source {path} cannot be read: {error.strerror}; name one that is there"
        ) from None


def _check_camera(config: Config, around: Surroundings) -> str | None:
    cameras = around.cameras(own=find_own(config))
    found = [camera for camera in cameras if is_meant(camera, config.source)]
    if found and all(camera.fault in NEVER for camera in found):
        raise SourceError(f"{found[0]} cannot be a source: {found[0].fault}; see: sharpkd devices")
    if found:
        return next((None for one in found if not one.fault), f"source: {found[0]}: {found[0].fault}")
    if not _is_awaited(config, around):
        raise SourceError(_say_unknown(config.source, [camera.name for camera in cameras]))
    return f"source: {config.source} is not there now; it is taken as soon as it is plugged in"


def _is_awaited(config: Config, around: Surroundings) -> bool:
    """Whether this is the name of a camera that may be plugged in later."""
    name = config.source.casefold()
    if NODE.fullmatch(name) or config.source == around.before:
        return True
    tables = [other.casefold() for other in config.camera]
    return any(name in other or other in name for other in tables) or any(
        name in other.casefold() for other in around.known()
    )


def _say_unknown(source: str, names: list[str]) -> str:
    found = ", ".join(names[:4]) or "none"
    return (
        f"no camera, file or address is called {source!r}{closest(source, names)}; cameras found: {found}. "
        "Plug it in first, or name its node, /dev/videoN; see: sharpkd devices"
    )


def _check_sink(sink: str, roots: VideoRoots) -> str | None:
    if sink.startswith("/dev/"):
        if not NODE.fullmatch(sink):
            raise SinkError(f"no sink {sink!r}; expected /dev/videoN, or one of: {', '.join(SINKS)}")
        if not (roots.listed / Path(sink).resolve().name).exists():
            return f"sink: {sink} is not there now; see: sharpkd doctor"
        require_virtual_camera(sink, roots)
        return None
    check_sink(sink)
    if sink not in SINKS and not Path(sink).absolute().parent.is_dir():
        raise SinkError(f"no folder {Path(sink).absolute().parent} for the recording {sink}; make it first")
    return None


def _check_link(link: str) -> None:
    if link != OFF:
        parse_profile(link)


def _check_weights(config: Config) -> None:
    folder = folder_of(config)
    if not (folder / FILE_NAME).exists():
        raise ModelError(
            f'weights = {str(folder)!r} has no {FILE_NAME}; name a folder that has, or "" for the shipped one'
        )
    _check_model(config)


def _check_model(config: Config) -> None:
    names = list(read_manifest(folder_of(config)))
    if config.model != AUTO and config.model not in names:
        found = closest(config.model, names)
        folder = folder_of(config)
        raise ModelError(
            f"no model {config.model!r} in {folder}{found}; choose one of: {', '.join(names)}, or auto"
        )


def _check_picture(config: Config) -> None:
    picture_of(config)
