"""A webcam as a source, through OpenCV: V4L2 on Linux, whatever OpenCV finds elsewhere."""

import errno
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import cv2

from vcam.errors import SourceError
from vcam.frame import Frame, Size, from_bgr
from vcam.sources.cameras import Camera, exposes_longer, find_camera, list_cameras
from vcam.sources.grabber import Capture, Grabber
from vcam.sources.guard import GuardedSource
from vcam.sources.pace import Clock
from vcam.sources.rate import Rate

log = logging.getLogger(__name__)

OpenCapture: TypeAlias = Callable[[str | int, int], Capture]  # (path or number, backend)

READ_S = 2.0
LARGEST_RAW = (640, 480)  # that USB 2 carries uncompressed at 30 fps
CLOSE_S = 0.5
IS_LINUX = sys.platform == "linux"
MJPG, YUYV = (cv2.VideoWriter.fourcc(*name) for name in ("MJPG", "YUYV"))


class WebcamSource(GuardedSource):
    """Frames of a webcam as it delivers them.

    device          "auto" (the first real camera), /dev/videoN, a /dev/v4l/by-id path, N, or part of its name
    size            asked for, (width, height); `size` says what the camera gives once open
    fps             asked for; `fps` says what the camera promises once open
    open_capture    makes an OpenCV capture from (path or number, backend)
    cameras         lists the cameras; asked again at each opening, so that a replugged one is found
    clock           monotonic nanoseconds; `captured_ns` is its time when the picture came in, before decoding
    read_s          longest wait for a frame before SourceError
    is_v4l2         False where there is no V4L2: a camera is known by its number alone there
    exposes_longer  whether the camera at a path may expose for longer than a frame lasts

    MJPG is set first, then the size, then the rate: in another order many cameras fall back to raw pictures
    at 5 to 10 fps. `measured_fps` is the rate of the last two seconds (None in the first two), `name` the
    card's name, `warnings` what keeps the camera from its best, with the remedy, as long as it does.

    `__enter__` raises SourceError if there is no such camera, it is a v4l2loopback, busy or not permitted;
    `__next__` raises it if the camera was unplugged or delivers nothing for `read_s`. The first frame is a
    cut.
    """

    def __init__(
        self,
        device: str = "auto",
        size: Size = (1280, 720),
        fps: float = 30.0,
        *,
        open_capture: OpenCapture = cv2.VideoCapture,  # type: ignore[assignment]  # overloads str and int
        cameras: Callable[[], Sequence[Camera]] = list_cameras,
        clock: Clock = time.monotonic_ns,
        read_s: float = READ_S,
        is_v4l2: bool = IS_LINUX,
        exposes_longer: Callable[[Path], bool] = exposes_longer,
    ) -> None:
        self.device = device
        self.name = device
        self.size = size
        self.fps = fps
        self._asked = (size, fps)
        self._open_capture = open_capture
        self._cameras = cameras
        self._clock = clock
        self._read_s = read_s
        self._is_v4l2 = is_v4l2
        self._exposes_longer = exposes_longer
        self._path = device
        self._grabber: Grabber | None = None
        self._count = 0
        self._rate = Rate(fps)
        self._refusal = ""  # of MJPG, where it matters
        self._remedy = ""  # of slowness, asked for when it begins

    def _enter(self) -> None:
        capture = self._open()
        try:
            self._configure(capture)
        except BaseException:
            capture.release()  # no grabber owns it yet
            raise
        self._grabber = Grabber(capture, self._clock)
        self._count, self._rate = 0, Rate(self.fps)

    def _close(self) -> None:
        grabber, self._grabber = self._grabber, None
        if grabber is not None and not grabber.close(CLOSE_S):
            log.warning("%s: its driver hangs; the camera is free again when that ends", self.name)

    def _read(self) -> Frame:
        if self._grabber is None:
            raise ValueError("the webcam is not open: use it in a with statement")
        try:
            answer = self._grabber.read(self._read_s)
        except TimeoutError:
            raise SourceError(
                f"{self.name} ({self._path}) delivered nothing for {self._read_s:g} s: plug it in again"
            ) from None
        if answer is None:
            raise SourceError(self._say_ended())
        picture, captured_ns = answer
        index, self._count = self._count, self._count + 1
        if self._rate.note(captured_ns):
            self._tell_rate()
        return replace(from_bgr(picture, index, captured_ns), is_cut=index == 0)

    @property
    def measured_fps(self) -> float | None:
        return self._rate.fps

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(text for text in (self._refusal, self._say_slow()) if text)

    def _open(self) -> Capture:
        if not self._is_v4l2:
            return self._open_by_number()
        camera = find_camera(self.device, self._cameras())
        self.name, self._path = camera.name, str(camera.path)
        capture = self._open_capture(self._path, cv2.CAP_V4L2)
        if not capture.isOpened():
            capture.release()
            raise SourceError(say_unopened(camera.path, try_open(camera.path)))
        return capture

    def _open_by_number(self) -> Capture:
        device = "0" if self.device == "auto" else self.device
        if not device.isdecimal():
            raise SourceError(f"no camera {device!r}: on this system name it by its number: 0, 1, ...")
        capture = self._open_capture(int(device), cv2.CAP_ANY)
        if not capture.isOpened():
            capture.release()
            raise SourceError(f"no camera {device} found, or it is busy; plug one in, or use --source sample")
        return capture

    def _configure(self, capture: Capture) -> None:
        """Ask for pixels, size and rate in this order; take and log what the camera makes of it."""
        self.size, self.fps = self._asked
        width, height = self.size
        capture.set(cv2.CAP_PROP_FOURCC, MJPG)
        if int(capture.get(cv2.CAP_PROP_FOURCC)) != MJPG:
            capture.set(cv2.CAP_PROP_FOURCC, YUYV)  # else OpenCV prefers BGR, a driver's own conversion
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, self.fps)
        fourcc = int(capture.get(cv2.CAP_PROP_FOURCC))
        given = tuple(int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        self.size = (given[0] & ~1, given[1] & ~1) if all(given) else self.size
        self.fps = capture.get(cv2.CAP_PROP_FPS) or self.fps  # some drivers answer 0: they do not know
        pixels = fourcc.to_bytes(4, "little", signed=fourcc < 0).decode("ascii", "replace").strip("\0 ")
        log.info("%s (%s): %s %dx%d, %g fps", self.name, self._path, pixels, *self.size, self.fps)
        self._refusal = ""
        if fourcc != MJPG and self._is_v4l2:
            refusal = f"{self.name} refuses MJPG and sends {pixels}: expect few frames above 640x480"
            log.warning("%s", refusal)
            self._refusal = refusal if math.prod(self.size) > math.prod(LARGEST_RAW) else ""

    def _say_ended(self) -> str:
        if self._count:
            return f"{self.name} ({self._path}) stopped: unplugged? Check its cable"
        who = f"to find it run: fuser -v {self._path}"
        return f"{self.name} ({self._path}) gives no picture: unplugged, or held by another program; {who}"

    def _tell_rate(self) -> None:
        if self._rate.is_slow:
            self._remedy = self._find_remedy()
            log.warning("%s", self._say_slow())
        else:
            log.info("%s is as fast as promised again: %.1f fps", self.name, self._rate.fps)

    def _say_slow(self) -> str:
        """That the camera delivers far less than it promised; empty if it does not."""
        if not self._rate.is_slow:
            return ""
        promised = f"{self._rate.fps:.1f} fps of the promised {self._rate.promised:g}"
        return f"{self.name} delivers {promised}: {self._remedy}"

    def _find_remedy(self) -> str:
        if not (self._is_v4l2 and self._exposes_longer(Path(self._path))):
            return "more light, or a USB port of its own, may help"
        command = f"v4l2-ctl -d {self._path} --set-ctrl exposure_dynamic_framerate=0"
        return f"in dim light it exposes for longer. More light, or run: {command}"


def try_open(path: Path) -> OSError | None:
    """What the system says to opening the node, or None if it lets us."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        return error
    return None


def say_unopened(path: Path, error: OSError | None) -> str:
    """Why OpenCV could not open a camera, and what to do about it."""
    if error is None or error.errno == errno.EBUSY:
        if _is_held_by_us(path):  # left behind by a Grabber; to look for another program would be in vain
            return f"{path} still hangs in its driver, which delivers nothing: plug the camera in again"
        return f"{path} is busy: another program holds the camera. Close it; to find it run: fuser -v {path}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path} may not be opened by this user. Run: sudo usermod -aG video $USER, and log in again"
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return f"{path} is gone: plug the camera in again"
    return f"{path} cannot be opened ({error.strerror}): plug the camera in again"


def _is_held_by_us(path: Path) -> bool:
    """Whether this process has the node open; False where the system does not tell."""
    node = os.path.realpath(path)
    return any(os.path.realpath(link) == node for link in Path("/proc/self/fd").glob("*"))
