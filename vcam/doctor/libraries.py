"""Whether the libraries have what the camera needs: FFmpeg's codecs and protocols, and PipeWire."""

import os
import shlex
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal, TypeAlias

from vcam.doctor.case import SET_SINK, Finding, ok, problem
from vcam.errors import SinkError
from vcam.link.codec import CODECS
from vcam.pipewire.library import INSTALL, load_library

LIBRARIES = "codecs"
FIX = shlex.join([sys.executable, "-m", "pip", "install", "--force-reinstall", "av>=17,<19"])
RECORDING = ("libx264", "ffv1")
PROTOCOLS = ("rtsp", "srt")

Mode: TypeAlias = Literal["r", "w"]


def has_codec(name: str, mode: Mode) -> bool:
    """Whether this build has an encoder ("w") or decoder ("r") of FFmpeg's name."""
    import av

    try:
        av.codec.Codec(name, mode)
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def has_protocol(name: str) -> bool:
    """Whether this build speaks a protocol. One that it has refuses an address without a host at once."""
    import av
    import av.error

    if name == "rtsp":  # to FFmpeg a format, which would look for a host of its own
        return name in av.formats_available
    try:
        av.open(f"{name}:", timeout=1.0).close()
    except av.error.ProtocolNotFoundError:
        return False
    except av.error.FFmpegError:
        return True
    return True


def check_codecs(
    has_codec: Callable[[str, Mode], bool] = has_codec, has_protocol: Callable[[str], bool] = has_protocol
) -> list[Finding]:
    encoders = {*(names.encoder for names in CODECS.values()), *RECORDING}
    decoders = {names.decoder for names in CODECS.values()}
    wanted: list[tuple[str, Mode]] = [(name, "w") for name in sorted(encoders)]
    wanted += [(name, "r") for name in sorted(decoders)]
    missing = [name for name, mode in wanted if not has_codec(name, mode)]
    if missing:
        message = f"PyAV lacks {', '.join(missing)}, which links and recordings need"
        return [problem(LIBRARIES, message, FIX), _name_protocols(has_protocol)]
    return [ok(LIBRARIES, f"PyAV has {', '.join(dict(wanted))}"), _name_protocols(has_protocol)]


def _name_protocols(has_protocol: Callable[[str], bool]) -> Finding:
    """For information: who reads no streams misses nothing."""
    has = {name: has_protocol(name) for name in PROTOCOLS}
    said = ", ".join(f"{name} can{'' if known else 'not'} be read" for name, known in has.items())
    return ok(LIBRARIES, f"streams: {said}")


PIPEWIRE = "pipewire"
START = "systemctl --user start pipewire wireplumber"


def check_pipewire(
    load: Callable[[], object] = load_library, env: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Whether the library is there and new enough, and a daemon takes connections."""
    try:
        load()
    except SinkError as error:
        return [problem(PIPEWIRE, str(error), INSTALL if INSTALL in str(error) else SET_SINK)]
    sockets = find_sockets(env)
    reached = next((path for path in sockets if can_connect(path)), None)
    if reached:
        return [ok(PIPEWIRE, f"PipeWire answers at {reached}")]
    return [
        problem(
            PIPEWIRE,
            f"PipeWire does not run: nothing answers at {' or '.join(map(str, sockets))}",
            START,
        )
    ]


def find_sockets(env: Mapping[str, str]) -> list[Path]:
    """Where PipeWire's library looks for the daemon."""
    runtime = env.get("PIPEWIRE_RUNTIME_DIR") or env.get("XDG_RUNTIME_DIR")
    name = env.get("PIPEWIRE_REMOTE") or "pipewire-0"  # a path of its own may stand there
    return [Path(folder) / name for folder in (runtime, "/run/pipewire") if folder]


def can_connect(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True
