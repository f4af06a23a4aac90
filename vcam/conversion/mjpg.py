"""A webcam's JPEGs: their planes become a Frame, without the way through BGR."""

import logging
import platform
import re

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange

from vcam.conversion.colour import BT601_TAGS
from vcam.conversion.geometry import check_picture_size
from vcam.conversion.opencv import from_bgr
from vcam.conversion.pyav import Converter, to_frame
from vcam.errors import SourceError
from vcam.frame import BLACK_Y, GREY_UV, MAX_SIDE, Frame, Plane, Size

log = logging.getLogger(__name__)

Bytes = npt.NDArray[np.uint8]  # a whole JPEG, and what follows it in the driver's buffer

# "explode": what is cut short or damaged is an error, not half a picture
OPTIONS = {"err_detect": "explode", "max_pixels": str(MAX_SIDE**2)}
X86 = ("x86_64", "AMD64", "i686")
X86_OPTIONS = {"idct": "xvid"}  # there a sixth faster than FFmpeg's choice, and as exact (IEEE 1180)
# until the decoder is suspected and not the camera: damaged pictures in a row, and how long they come
PATIENCE, PATIENCE_NS = 5, 500_000_000
LUMA_GAIN, CHROMA_GAIN = 219 / 255, 224 / 255  # from full range to limited
CHROMA_SHIFT = GREY_UV * (1 - CHROMA_GAIN)
# marker and length of a JPEG's frame header, the bits of a value, height, width
FRAME_HEADER = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]\x00..(..)(..)", re.DOTALL)
ROWS_PER_CHROMA = {"yuvj420p": 2, "yuvj422p": 1}  # of luma, by FFmpeg's names for what webcams send


class MjpgDecoder:
    """Decodes the JPEGs of one camera.

    FFmpeg's decoder gives planes; it refuses a picture that is damaged anywhere. If it refuses all of half a
    second, 5 at least, and OpenCV's makes something of the last, OpenCV's decodes from then on: some cameras
    never write a clean JPEG.
    """

    def __init__(self) -> None:
        self._codec: VideoCodecContext | None = make_codec()
        self._converter = Converter()
        self._refused = 0  # in a row
        self._refused_ns = 0  # when the first of them came

    def decode(self, jpeg: Bytes, index: int, captured_ns: int) -> Frame | None:
        """The picture of a JPEG (N,) uint8, without an odd last row or column; None if it is damaged.

        JPEG is full range by definition; it becomes BT.601 limited, and its chroma 4:2:0 by averaging rows.
        """
        if self._codec is None:
            return _decode_by_opencv(jpeg, index, captured_ns)
        try:
            frame = self._decode(self._codec, jpeg, index, captured_ns)
        except (av.FFmpegError, SourceError):  # no JPEG, a damaged one, or of no size that a Frame can have
            frame = None
        if frame is not None:
            self._refused = 0
            return frame
        return self._suspect(jpeg, index, captured_ns)

    def _decode(self, codec: VideoCodecContext, jpeg: Bytes, index: int, captured_ns: int) -> Frame | None:
        if not jpeg.size:  # to FFmpeg that would be the stream's end
            return None
        pictures = codec.decode(av.Packet(jpeg.tobytes()))
        if not pictures:
            return None
        picture = pictures[0]
        if is_plain(picture):
            return _to_limited(picture, index, captured_ns)
        return to_frame(picture, index, captured_ns, converter=self._converter)

    def _suspect(self, jpeg: Bytes, index: int, captured_ns: int) -> Frame | None:
        if not self._refused:
            self._refused_ns = captured_ns
        self._refused += 1
        if self._refused < PATIENCE or captured_ns - self._refused_ns < PATIENCE_NS:
            return None
        frame = _decode_by_opencv(jpeg, index, captured_ns)
        if frame is not None:
            log.warning("FFmpeg refuses this camera's JPEGs; OpenCV decodes them, which takes longer")
            self._codec = None
        return frame


def make_codec() -> VideoCodecContext:
    """A decoder of JPEGs, each by itself, at once: with more threads it would hold pictures back."""
    codec = av.CodecContext.create("mjpeg", "r")
    codec.thread_count = 1
    codec.options = OPTIONS | (X86_OPTIONS if platform.machine() in X86 else {})
    return codec


def is_plain(picture: VideoFrame) -> bool:
    """Whether it is what webcams send: full-range 4:2:2 or 4:2:0, BT.601."""
    is_full = picture.color_range == ColorRange.JPEG and picture.colorspace in BT601_TAGS
    return is_full and picture.format.name in ROWS_PER_CHROMA


def _to_limited(picture: VideoFrame, index: int, captured_ns: int) -> Frame:
    """A plain picture in limited range; of 4:2:2, two rows of chroma are averaged. Raises SourceError."""
    width, height = check_picture_size((picture.width, picture.height))
    luma, *chroma = picture.planes
    y = cv2.convertScaleAbs(_view(luma, (width, height)), alpha=LUMA_GAIN, beta=BLACK_Y)
    rows = height // ROWS_PER_CHROMA[picture.format.name]
    u, v = (_chroma_to_limited(_view(plane, (width // 2, rows)), height // 2) for plane in chroma)
    return Frame(y, u, v, index, captured_ns)


def _chroma_to_limited(plane: Plane, height: int) -> Plane:
    """A full-range plane of chroma (height or 2 * height, W/2), limited, (height, W/2)."""
    if plane.shape[0] == height:
        return cv2.convertScaleAbs(plane, alpha=CHROMA_GAIN, beta=CHROMA_SHIFT)
    half = CHROMA_GAIN / 2
    return cv2.addWeighted(plane[0::2], half, plane[1::2], half, CHROMA_SHIFT)


def _view(plane: VideoPlane, size: Size) -> Plane:
    """The plane's (H, W) pixels where the decoder has them."""
    width, height = size
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]


def _decode_by_opencv(jpeg: Bytes, index: int, captured_ns: int) -> Frame | None:
    """What OpenCV makes of a JPEG. It would make room for any size that a damaged header says."""
    sizes = [
        (int.from_bytes(width, "big"), int.from_bytes(height, "big"))
        for height, width in FRAME_HEADER.findall(jpeg.tobytes())
    ]
    try:
        for size in sizes:
            check_picture_size(size)
    except SourceError:
        return None
    bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR) if sizes else None
    return None if bgr is None else from_bgr(bgr, index, captured_ns)
