"""Transparency: it is kept beside a still picture, and laid on white where there is no place for it."""

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from vcam.conversion.colour import matrix_of
from vcam.frame import Plane

ALPHA_FORMATS = ("rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8")  # by the begin of their name


def has_alpha(picture: VideoFrame) -> bool:
    """Whether the picture's format has room for transparency."""
    name = picture.format.name
    return name.startswith(ALPHA_FORMATS) or name.startswith("yuva")


def alpha_of(picture: VideoFrame) -> Plane | None:
    """The picture's opacity, (H, W) uint8; None if all of it is opaque."""
    if not has_alpha(picture):
        return None
    alpha = _rgba(picture)[..., 3]
    return None if alpha.min() == 255 else np.ascontiguousarray(alpha)


def opaque(picture: VideoFrame) -> VideoFrame:
    """The picture's colours alone, as they are stored."""
    return _rgb_like(picture, np.ascontiguousarray(_rgba(picture)[..., :3]))


def lay_on_white(picture: VideoFrame) -> VideoFrame:
    """The picture as it looks on white; as it is, if all of it is opaque."""
    rgba = _rgba(picture)
    alpha = rgba[..., 3:].astype(np.uint16)
    if alpha.min() == 255:
        return picture
    laid = (rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return _rgb_like(picture, laid.astype(np.uint8))


def with_opacity(picture: VideoFrame, opacity: Plane) -> VideoFrame:
    """The picture with an opacity, (h, w) uint8, scaled to its size; as it is, if all of it is opaque."""
    if opacity.min() == 255:
        return picture
    rgba = _rgba(picture).copy()
    rgba[..., 3] = cv2.resize(opacity, (picture.width, picture.height), interpolation=cv2.INTER_LINEAR)
    made = VideoFrame.from_ndarray(rgba, format="rgba")
    made.color_trc, made.color_primaries = picture.color_trc, picture.color_primaries
    made.pts, made.time_base = picture.pts, picture.time_base
    return made


def _rgb_like(picture: VideoFrame, pixels: Plane) -> VideoFrame:
    """Pixels (H, W, 3) whose colours mean what the picture's did."""
    rgb = VideoFrame.from_ndarray(pixels, format="rgb24")
    rgb.color_trc, rgb.color_primaries = picture.color_trc, picture.color_primaries
    return rgb


def _rgba(picture: VideoFrame) -> Plane:
    """(H, W, 4) uint8."""
    matrix = matrix_of(picture)
    reformat = VideoReformatter().reformat
    return reformat(picture, format="rgba", src_colorspace=matrix, threads=1).to_ndarray()
