"""What a webcam and this program agree on before the first picture: pixels, size and rate."""

from dataclasses import dataclass

import cv2

from vcam.conversion.buffers import PAIRED, PLANAR
from vcam.frame import Size
from vcam.sources.grabber import Capture
from vcam.v4l2.device import YUYV, fourcc_name

MJPG, JPEG = (cv2.VideoWriter.fourcc(*name) for name in ("MJPG", "JPEG"))


@dataclass(frozen=True)
class CaptureFormat:
    """What a capture gives from here on.

    fourcc      as V4L2 counts it
    size        (width, height), even: an odd last row or column is cut
    fps         that it promises
    is_plain    its buffers are handed over as they are and hold luma and chroma, see buffers
    """

    fourcc: int
    size: Size
    fps: float
    is_plain: bool

    @property
    def is_jpeg(self) -> bool:
        """Whether its buffers are handed over as they are and hold a JPEG each."""
        return self.fourcc in (MJPG, JPEG)

    @property
    def pixels(self) -> str:
        return fourcc_name(self.fourcc)


def negotiate(capture: Capture, size: Size, fps: float) -> CaptureFormat:
    """Ask for pixels, size and rate in this order; take what the camera makes of it.

    MJPG first: in another order many cameras fall back to raw pictures at 5 to 10 fps.
    """
    capture.set(cv2.CAP_PROP_FOURCC, MJPG)
    if int(capture.get(cv2.CAP_PROP_FOURCC)) != MJPG:
        capture.set(cv2.CAP_PROP_FOURCC, YUYV)  # else OpenCV prefers BGR, a driver's own conversion
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    capture.set(cv2.CAP_PROP_FPS, fps)
    return read_back(capture, size, fps)


def read_back(capture: Capture, size: Size, fps: float) -> CaptureFormat:
    """Read back what a capture gives; of a v4l2loopback that is its writer's choice, and nobody is asked.

    size, fps  where the driver does not know its own: some answer 0
    """
    fourcc = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    sides = [int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
    given = (sides[0], sides[1]) if all(sides) else size
    even = given[0] & ~1, given[1] & ~1
    is_plain = fourcc in PLANAR | PAIRED.keys() and given == even
    found = CaptureFormat(fourcc, even, capture.get(cv2.CAP_PROP_FPS) or fps, is_plain)
    if found.is_plain or found.is_jpeg:
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    return found
