"""Where frames go: a virtual camera, a file, or nowhere but the preview page."""

import time
from pathlib import Path

from vcam.errors import SinkError
from vcam.frame import Size
from vcam.pipeline import Sink
from vcam.sinks.file import VIDEO_ENDINGS, FileSink
from vcam.sinks.null import NullSink
from vcam.sinks.pipewire import PipeWireSink
from vcam.sinks.recording import RecordingSink
from vcam.sinks.still import write_still
from vcam.sinks.virtual import OpenWriter, VirtualCameraSink
from vcam.spelling import closest
from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import find_virtual_camera
from vcam.v4l2loopback.writer import LoopbackWriter

SINKS = ("auto", "virtual", "pipewire", "preview", "null")

__all__ = [
    "SINKS",
    "FileSink",
    "NullSink",
    "PipeWireSink",
    "RecordingSink",
    "VirtualCameraSink",
    "check_sink",
    "make_sink",
    "write_still",
]


def make_sink(
    spec: str,
    *,
    size: Size,
    fps: float,
    lossless: bool = False,
    overwrite: bool = False,
    open_writer: OpenWriter = LoopbackWriter,
    roots: VideoRoots = SYSTEM,
) -> Sink:
    """Open the sink that a word or a path names.

    spec       "auto": the virtual camera if there is one, else the preview; "virtual"; "pipewire"; "preview";
               "null"; a node such as "/dev/video42"; or a file ending in .mp4 or .mkv
    lossless   FFV1 instead of H.264; .mkv only
    overwrite  whether a finished file takes the place of an older one

    Raises SinkError if the sink cannot be opened, or if the spec names none.
    """
    if spec in ("preview", "null"):
        return NullSink(spec)
    if spec == "pipewire":
        return PipeWireSink(size, fps).open()
    if spec in ("auto", "virtual") or spec.startswith("/dev/video"):
        device = spec if spec.startswith("/dev/") else None
        camera = VirtualCameraSink(size, fps, device, open_writer, roots=roots)
        # only absence falls back to the preview: a camera that is there but busy is for the user to free
        is_absent = spec == "auto" and find_virtual_camera(roots=roots) is None
        return NullSink("preview") if is_absent else camera.open()
    check_sink(spec)
    clock = time.monotonic_ns
    return RecordingSink(spec, size, fps, lossless, clock=clock, overwrite=overwrite).open()


def check_sink(spec: str) -> None:
    """Raise SinkError if a word or a path names no sink, or a node that is not there; nothing is opened."""
    if spec.startswith("/dev/video"):
        if not Path(spec).exists():
            raise SinkError(f"there is no {spec}; see: sharpkd doctor")
    elif spec not in SINKS and Path(spec).suffix.lower() not in VIDEO_ENDINGS:
        raise SinkError(
            f"no sink {spec!r}{closest(spec, SINKS)}: use a file ending in {' or '.join(VIDEO_ENDINGS)}, "
            f"or one of {', '.join(SINKS)}, /dev/videoN"
        )
