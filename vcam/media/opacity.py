"""The opacity of a HEIF or AVIF picture, which is a grey picture beside it."""

from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from vcam.frame import Plane
from vcam.media.opening import DECODER_OPTIONS, open_recording


def read_opacity(path: Path, item: int) -> Plane | None:
    """The opacity (H, W) uint8 of a file's item; None if it is damaged, or put together from tiles."""
    try:
        with open_recording(path) as container:
            stream = next(stream for stream in container.streams.video if stream.id == item)
            stream.codec_context.options = DECODER_OPTIONS
            return _grey(next(container.decode(stream)))
    except (av.FFmpegError, OSError, StopIteration, ValueError):
        return None


def _grey(picture: VideoFrame) -> Plane:
    """The luma of a picture in full range."""
    is_limited = picture.color_range == ColorRange.MPEG
    reformat = VideoReformatter().reformat
    grey = reformat(
        picture, format="gray", src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.JPEG, threads=1
    ).to_ndarray()
    if not is_limited:
        return np.ascontiguousarray(grey)
    return np.clip((grey.astype(np.float32) - 16) * (255 / 219) + 0.5, 0, 255).astype(np.uint8)
