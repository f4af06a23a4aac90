"""PyAV's pictures: decoded ones become a Frame, a Frame becomes what an encoder takes."""

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from vcam.errors import SourceError
from vcam.frame import MAX_SIDE, MIN_SIDE, Frame, Plane, Size

# AVColorSpace tags that mean the BT.601 matrix: unspecified, BT.470BG, SMPTE 170M
BT601_TAGS = (2, 5, 6)


def to_frame(
    picture: VideoFrame,
    index: int,
    captured_ns: int,
    is_cut: bool = False,
    reformatter: VideoReformatter | None = None,
) -> Frame:
    """Copy a decoded picture into an I420 BT.601 limited Frame.

    reformatter  kept by who has many pictures of one kind: swscale then makes its tables once

    yuv420p tagged BT.601 limited, or not tagged, passes untouched; every other pixel format, full range
    and other matrices are converted by swscale. An odd last row or column is cut.
    Raises SourceError if the picture is smaller or larger than a Frame can be.
    """
    width, height = check_picture_size((picture.width, picture.height))
    y, u, v = _convert(picture, reformatter or VideoReformatter()).planes[:3]
    return Frame(
        _copy(y, (width, height)),
        _copy(u, (width // 2, height // 2)),
        _copy(v, (width // 2, height // 2)),
        index,
        captured_ns,
        is_cut,
    )


def to_picture(frame: Frame) -> VideoFrame:
    """Copy a Frame into a yuv420p picture, each plane straight to its place.

    `VideoFrame.from_ndarray` wants the planes packed first, then copies row by row: five times as long.
    """
    picture = VideoFrame(frame.width, frame.height, "yuv420p")
    for place, plane in zip(picture.planes, (frame.y, frame.u, frame.v), strict=True):
        rows = np.frombuffer(memoryview(place), np.uint8).reshape(-1, place.line_size)
        rows[:, : plane.shape[1]] = plane  # what is beyond is padding
    return picture


def check_picture_size(size: Size) -> Size:
    """The even (width, height) within `size`. Raises SourceError if that can be no Frame's."""
    width, height = size[0] & ~1, size[1] & ~1
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
        raise SourceError(
            f"the picture is {size[0]}x{size[1]}, expected sides of {MIN_SIDE}..{MAX_SIDE} pixels;"
            " scale it before it comes here"
        )
    return width, height


def _convert(picture: VideoFrame, reformatter: VideoReformatter) -> VideoFrame:
    """The picture as yuv420p, BT.601 limited; the same object if it is that already."""
    is_full = picture.color_range == ColorRange.JPEG
    if picture.format.name == "yuv420p" and not is_full and picture.colorspace in BT601_TAGS:
        return picture
    is_yuv = not picture.format.is_rgb
    is_tagged = is_yuv and picture.colorspace not in BT601_TAGS
    return reformatter.reformat(
        picture,
        format="yuv420p",
        src_colorspace=None if is_tagged else Colorspace.ITU601,
        dst_colorspace=Colorspace.ITU601,
        src_color_range=ColorRange.JPEG if is_full or not is_yuv else ColorRange.MPEG,
        dst_color_range=ColorRange.MPEG,
        threads=1,
    )


def _copy(plane: VideoPlane, size: Size) -> Plane:
    """The plane's (H, W) pixels without the decoder's padding, in memory of their own."""
    width, height = size
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[:height, :width].copy()
