"""Clips as files, small enough for a test."""

from pathlib import Path

import av
from talking_head import talking_head

from vcam.conversion.opencv import to_bgr


def write_clip(path: Path, count: int, height: int) -> None:
    """H.264, 64 pixels wide."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 30, {"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 64, height, "yuv420p"
        for frame in talking_head(count, (64, height)):
            picture = av.VideoFrame.from_ndarray(to_bgr(frame), "bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
