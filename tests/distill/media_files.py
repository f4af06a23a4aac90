"""Sharp media made in a test."""

from pathlib import Path

import av
from av.video.frame import VideoFrame
from talking_head import FPS

from vcam.frame import Frame, pack


def write_clip(path: Path, frames: list[Frame]) -> Path:
    """A clip at near lossless quality."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", FPS, options={"crf": "4"})
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(VideoFrame.from_ndarray(pack(frame), format="yuv420p")))
        container.mux(stream.encode(None))
    return path
