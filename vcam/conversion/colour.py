"""Which matrix, range and transfer a decoded picture has, also where nobody says."""

from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, ColorTrc

from vcam.errors import SourceError

# AVColorSpace tags, ISO 23091-2's numbers
UNSPECIFIED = 2
BT601_TAGS = (5, 6)  # BT.470BG, SMPTE 170M
HD = (1280, 576)  # wider or higher than this is HD: BT.709, where nothing else is said, as players take it
HDR: dict[int, str] = {ColorTrc.SMPTE2084: "PQ", ColorTrc.ARIB_STD_B67: "HLG"}


def matrix_of(picture: VideoFrame) -> Colorspace | None:
    """The matrix that made the picture from RGB; None for the tagged one, which swscale knows."""
    if picture.format.is_rgb or picture.colorspace in BT601_TAGS:
        return Colorspace.ITU601
    if picture.colorspace != UNSPECIFIED:
        return None
    is_hd = picture.width >= HD[0] or picture.height > HD[1]
    return Colorspace.ITU709 if is_hd else Colorspace.ITU601


def check_transfer(picture: VideoFrame, name: str = "the picture") -> None:
    """Raise SourceError if the picture is HDR."""
    transfer = HDR.get(picture.color_trc)
    if transfer is not None:
        raise SourceError(f"{name} is HDR ({transfer}), which is not supported: convert it to SDR first")
