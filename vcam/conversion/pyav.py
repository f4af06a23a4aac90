"""PyAV's pictures: decoded ones become a Frame, a Frame becomes what an encoder takes."""

from dataclasses import replace

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from vcam.conversion.alpha import has_alpha, lay_on_white
from vcam.conversion.colour import matrix_of
from vcam.conversion.geometry import UPRIGHT, Geometry, check_picture_size, kept_size, lay_out, square_size
from vcam.conversion.sdr import SdrMapper
from vcam.frame import Frame, Plane, Size

SCALING = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


class Converter:
    """What conversions of pictures of one kind have in common: swscale's tables, and those for HDR."""

    def __init__(self) -> None:
        self.reformat = VideoReformatter().reformat
        self.to_sdr = SdrMapper()


def to_frame(
    picture: VideoFrame,
    index: int,
    captured_ns: int,
    is_cut: bool = False,
    converter: Converter | None = None,
    geometry: Geometry = UPRIGHT,
) -> Frame:
    """Copy a decoded picture into an I420 BT.601 limited Frame.

    converter  kept by who has many pictures of one kind: tables are then made once
    geometry   how the picture is to be seen

    yuv420p tagged BT.601 limited, or not tagged and not HD, passes untouched; every other pixel format, full
    range, other matrices and pixels that are not square are converted by swscale, HDR by `sdr`. What is
    transparent is laid on white. An odd last row or column is cut.
    Raises SourceError if the picture is smaller or larger than a Frame can be.
    """
    converter = converter or Converter()
    if has_alpha(picture):
        picture = lay_on_white(picture)
    picture = converter.to_sdr(picture)
    if geometry.cut and geometry.aspect != 1:  # what is cut is counted in the pixels that are stored
        picture = to_picture(to_frame(picture, index, captured_ns, geometry=Geometry(geometry.cut)))
        picture.colorspace, geometry = Colorspace.ITU601, replace(geometry, cut=None)
    kept = kept_size((picture.width, picture.height), geometry)
    square = square_size(kept, geometry.aspect)
    width, height = check_picture_size(square)
    scaled = None if square == kept else square
    y, u, v = _convert(picture, converter, scaled).planes[:3]
    corner = (geometry.cut[0] & ~1, geometry.cut[1] & ~1) if geometry.cut else (0, 0)
    half = corner[0] // 2, corner[1] // 2
    frame = Frame(
        _copy(y, (width, height), corner),
        _copy(u, (width // 2, height // 2), half),
        _copy(v, (width // 2, height // 2), half),
        index,
        captured_ns,
        is_cut,
    )
    return lay_out(frame, geometry)


def to_picture(frame: Frame) -> VideoFrame:
    """Copy a Frame into a yuv420p picture, each plane straight to its place.

    `VideoFrame.from_ndarray` wants the planes packed first, then copies row by row: five times as long.
    """
    picture = VideoFrame(frame.width, frame.height, "yuv420p")
    for place, plane in zip(picture.planes, (frame.y, frame.u, frame.v), strict=True):
        rows = np.frombuffer(memoryview(place), np.uint8).reshape(-1, place.line_size)
        rows[:, : plane.shape[1]] = plane  # what is beyond is padding
    return picture


def _convert(picture: VideoFrame, converter: Converter, size: Size | None) -> VideoFrame:
    """The picture as yuv420p, BT.601 limited, and scaled if a size is given; itself if it is that already."""
    is_full = picture.color_range == ColorRange.JPEG
    matrix = matrix_of(picture)
    if picture.format.name == "yuv420p" and not is_full and matrix == Colorspace.ITU601 and size is None:
        return picture
    is_yuv = not picture.format.is_rgb
    return converter.reformat(
        picture,
        width=size[0] if size else None,
        height=size[1] if size else None,
        format="yuv420p",
        src_colorspace=matrix,
        dst_colorspace=Colorspace.ITU601,
        src_color_range=ColorRange.JPEG if is_full or not is_yuv else ColorRange.MPEG,
        dst_color_range=ColorRange.MPEG,
        # without rounding, what another matrix makes is one code value darker
        interpolation=None if matrix == Colorspace.ITU601 and size is None else SCALING,
        threads=1,
    )


def _copy(plane: VideoPlane, size: Size, corner: tuple[int, int]) -> Plane:
    """The plane's (H, W) pixels without the decoder's padding, in memory of their own."""
    (width, height), (left, top) = size, corner
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[top : top + height, left : left + width].copy()
