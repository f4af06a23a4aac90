"""Where frames go: a virtual camera, a file, or nowhere but the preview page."""

import logging
import sys
from pathlib import Path

from vcam.errors import SinkError
from vcam.frame import Size
from vcam.pipeline import Sink
from vcam.sinks.file import VIDEO_ENDINGS, FileSink, write_still
from vcam.sinks.nodes import find_virtual_camera, how_to_install
from vcam.sinks.null import NullSink
from vcam.sinks.pipewire import PipeWireSink
from vcam.sinks.virtual import CameraFactory, VirtualCameraSink
from vcam.v4l2.nodes import CARD, SYSTEM, VideoRoots

log = logging.getLogger(__name__)

__all__ = [
    "CARD",
    "FileSink",
    "NullSink",
    "PipeWireSink",
    "VirtualCameraSink",
    "find_virtual_camera",
    "how_to_install",
    "make_sink",
    "write_still",
]


def make_sink(
    spec: str,
    *,
    size: Size,
    fps: float,
    lossless: bool = False,
    camera_factory: CameraFactory | None = None,
    roots: VideoRoots = SYSTEM,
    platform: str = sys.platform,
) -> Sink:
    """Open the sink that a word or a path names.

    spec      "auto": the virtual camera if there is one, else the preview; "virtual"; "pipewire"; "preview";
              "null"; a node such as "/dev/video42"; or a file ending in .mp4 or .mkv
    lossless  FFV1 instead of H.264; .mkv only

    Raises SinkError if the sink cannot be opened, or if the spec names none.
    """
    if spec in ("preview", "null"):
        return NullSink(spec)
    if spec == "pipewire":
        return PipeWireSink(size, fps).open()
    if spec in ("auto", "virtual") or spec.startswith("/dev/video"):
        device = spec if spec.startswith("/dev/") else None
        camera = VirtualCameraSink(size, fps, device, camera_factory, roots=roots, platform=platform)
        return _open_or_preview(camera, roots, platform) if spec == "auto" else camera.open()
    if Path(spec).suffix.lower() not in VIDEO_ENDINGS:
        raise SinkError(
            f"no sink {spec!r}: use a file ending in {' or '.join(VIDEO_ENDINGS)}, "
            "or one of auto, virtual, pipewire, preview, null, /dev/videoN"
        )
    return FileSink(spec, size, fps, lossless).open()


def _open_or_preview(camera: VirtualCameraSink, roots: VideoRoots, platform: str) -> Sink:
    """Only absence falls back to the preview: a camera that is there but busy is for the user to mend."""
    if platform.startswith("linux"):
        return camera.open() if find_virtual_camera(roots=roots) else NullSink("preview")
    try:
        return camera.open()
    except SinkError as error:
        log.info("%s", error)
        return NullSink("preview")
