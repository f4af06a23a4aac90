"""Whether FFmpeg's libraries, which PyAV brings, have what links, recordings and streams need."""

import shlex
import sys
from collections.abc import Callable
from typing import Literal, TypeAlias

from vcam.doctor.finding import Finding, ok, problem
from vcam.link.codec import CODECS

CHECK = "codecs"
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
        return [problem(CHECK, message, FIX), _name_protocols(has_protocol)]
    return [ok(CHECK, f"PyAV has {', '.join(dict(wanted))}"), _name_protocols(has_protocol)]


def _name_protocols(has_protocol: Callable[[str], bool]) -> Finding:
    """For information: who reads no streams misses nothing."""
    has = {name: has_protocol(name) for name in PROTOCOLS}
    said = ", ".join(f"{name} can{'' if known else 'not'} be read" for name, known in has.items())
    return ok(CHECK, f"streams: {said}")
