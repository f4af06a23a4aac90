"""From a Frame to the picture that PyAV's encoders take; the way back is `vcam.sources.picture`."""

import numpy as np
from av.video.frame import VideoFrame

from vcam.frame import Frame


def to_picture(frame: Frame) -> VideoFrame:
    """Copy a Frame into a yuv420p picture, each plane straight to its place.

    `VideoFrame.from_ndarray` wants the planes packed first, then copies row by row: five times as long.
    """
    picture = VideoFrame(frame.width, frame.height, "yuv420p")
    for place, plane in zip(picture.planes, (frame.y, frame.u, frame.v), strict=True):
        rows = np.frombuffer(memoryview(place), np.uint8).reshape(-1, place.line_size)
        rows[:, : plane.shape[1]] = plane  # what is beyond is padding
    return picture
