"""Which matrix a decoded picture has, also where nobody says."""

from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

# AVColorSpace tags, ISO 23091-2's numbers
UNSPECIFIED = 2
BT601_TAGS = (5, 6)  # BT.470BG, SMPTE 170M
HDR = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)  # PQ, HLG
HD = (1280, 576)  # wider or higher than this is HD: BT.709, where nothing else is said, as players take it


def matrix_of(picture: VideoFrame) -> Colorspace | None:
    """The matrix that made the picture from RGB; None for the tagged one, which swscale knows."""
    if picture.format.is_rgb or picture.colorspace in BT601_TAGS:
        return Colorspace.ITU601
    if picture.colorspace != UNSPECIFIED:
        return None
    if picture.color_trc in HDR or picture.color_primaries == ColorPrimaries.BT2020:
        return Colorspace.BT2020
    is_hd = picture.width >= HD[0] or picture.height > HD[1]
    return Colorspace.ITU709 if is_hd else Colorspace.ITU601
