"""A webcam as a source, through OpenCV."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from vcam.conversion.buffers import frame_of
from vcam.conversion.mjpg import MjpgDecoder
from vcam.conversion.opencv import from_bgr
from vcam.deadline import call_within
from vcam.errors import SourceError
from vcam.frame import Frame, Size
from vcam.sources.controls import Tables, apply_tables
from vcam.sources.devices import CaptureDevice, exposes_longer, find_device, list_devices
from vcam.sources.grabber import Capture, Grabber
from vcam.sources.guard import GuardedSource
from vcam.sources.negotiation import CaptureFormat, negotiate, read_back
from vcam.sources.opening import OPEN_S, OpenCapture, open_within
from vcam.sources.pace import Clock
from vcam.sources.rate import Rate

log = logging.getLogger(__name__)

READ_S = 2.0
FIRST_S = 6.0
LARGEST_RAW = (640, 480)  # that USB 2 carries uncompressed at 30 fps
CLOSE_S = 0.5
CHECK_FEEDER = "check the program that feeds it"
TRY_CABLE = "try another cable, or a USB port of its own"


class WebcamSource(GuardedSource):
    """Frames of a webcam as it delivers them.

    device          "auto" (the first real camera), /dev/videoN, a /dev/v4l/by-id path, N, or part of its name
    size            asked for, (width, height); `size` says what the camera gives once open
    fps             asked for; `fps` says what the camera promises once open
    open_capture    makes an OpenCV capture from (path or number, backend)
    cameras         lists the cameras; asked again at each opening, so that a replugged one is found
    clock           monotonic nanoseconds; `captured_ns` is its time when the picture came in, before decoding
    read_s          longest wait for a frame before SourceError
    exposes_longer  whether the camera at a path may expose for longer than a frame lasts
    used            gets the camera when its first picture has come
    open_s          longest wait for the device to open; a busy machine may need more, see open_within
    controls        that the camera is to have, by its name; set at each opening
    apply           sets them; returns what could not be done

    A v4l2loopback that a program feeds is a camera, too: its pictures are taken as they are. `measured_fps`
    is the rate of the last two seconds (None in the first two), `name` the card's name, `warnings` what
    keeps the camera from its best, with the remedy, as long as it does. A damaged JPEG is left out, as a gap
    in `index`.

    `__enter__` raises SourceError if there is no such camera, it is our own, busy, hanging or not permitted;
    `__next__` raises it if the camera was unplugged, or delivers nothing or only damaged JPEGs for `read_s`.
    The first frame is a cut.
    """

    def __init__(
        self,
        device: str = "auto",
        size: Size = (1280, 720),
        fps: float = 30.0,
        *,
        open_capture: OpenCapture = cv2.VideoCapture,  # type: ignore[assignment]  # overloads str and int
        cameras: Callable[[], Sequence[CaptureDevice]] = list_devices,
        clock: Clock = time.monotonic_ns,
        read_s: float = READ_S,
        exposes_longer: Callable[[Path], bool] = exposes_longer,
        used: Callable[[CaptureDevice], None] = lambda camera: None,
        open_s: float = OPEN_S,
        controls: Tables | None = None,
        apply: Callable[[CaptureDevice, Tables], tuple[str, ...]] = apply_tables,
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
        self._exposes_longer = exposes_longer
        self._used = used
        self._open_s = open_s
        self._controls = controls or {}
        self._apply = apply
        self._path = device
        self._camera: CaptureDevice | None = None
        self._agreed: CaptureFormat | None = None
        self._grabber: Grabber | None = None
        self._decoder = MjpgDecoder()
        self._count = 0
        self._is_first = True  # of the pictures since the opening
        self._is_damage_told = False
        self._rate = Rate(fps)
        self._faults: tuple[str, ...] = ()  # of controls
        self._refusal = ""  # of MJPG, where it matters
        self._remedy = ""  # of slowness, asked for when it begins

    def _enter(self) -> None:
        capture, self._agreed = self._open()
        self.size, self.fps = self._agreed.size, self._agreed.fps
        self._refusal = self._judge_pixels(self._agreed.pixels)
        self.set_controls(self._controls)
        self._grabber = Grabber(capture, self._clock)
        self._decoder = MjpgDecoder()
        self._count, self._rate = 0, Rate(self.fps)
        self._is_first, self._is_damage_told = True, False

    def _close(self) -> None:
        grabber, self._grabber = self._grabber, None
        if grabber is not None and not grabber.close(CLOSE_S):
            log.warning("%s: its driver hangs; the camera is free again when that ends", self.name)

    def _read(self) -> Frame:
        if self._grabber is None:
            raise ValueError("the webcam is not open: use it in a with statement")
        limit_s = self._read_s
        if self._is_loopback and self._is_first:
            limit_s = max(limit_s, FIRST_S)  # who feeds it may start its camera only now
        left_s, began_ns = limit_s, self._clock()
        while True:
            try:
                answer = self._grabber.read(left_s)
            except TimeoutError:
                raise SourceError(self._say_nothing(limit_s, is_damaged=left_s < limit_s)) from None
            if answer is None:
                raise SourceError(self._say_ended())
            picture, captured_ns = answer
            index, self._count = self._count, self._count + 1
            frame = self._frame_of(picture, index, captured_ns)
            if frame is not None:
                return self._note(frame)
            self._tell_damage()
            left_s = max(0.0, limit_s - (captured_ns - began_ns) / 1e9)

    def _note(self, frame: Frame) -> Frame:
        """Count a picture that came in; the first one is a cut."""
        is_first, self._is_first = self._is_first, False
        if is_first and self._camera is not None:
            self._used(self._camera)
        if self._rate.note(frame.captured_ns):
            self._tell_rate()
        return replace(frame, is_cut=is_first)

    @property
    def camera(self) -> CaptureDevice | None:
        """The one that was opened last."""
        return self._camera

    @property
    def measured_fps(self) -> float | None:
        return self._rate.fps

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(text for text in (self._refusal, self._say_slow(), *self._faults) if text)

    def set_controls(self, controls: Tables) -> None:
        """Set these on the open camera now, and again at each opening. Any thread."""
        self._controls = controls
        if self._camera is not None and not self._is_loopback:
            self._faults = self._apply(self._camera, controls)
            for fault in self._faults:
                log.warning("%s", fault)

    def _open(self) -> tuple[Capture, CaptureFormat]:
        size, fps = self._asked
        self._camera = find_device(self.device, self._cameras())
        self.name, self._path = self._camera.name, str(self._camera.path)
        ask = read_back if self._camera.is_loopback else negotiate
        agree = partial(ask, size=size, fps=fps)
        return open_within(self._open_s, self._open_capture, self._path, cv2.CAP_V4L2, agree)

    @property
    def _is_loopback(self) -> bool:
        return self._camera is not None and self._camera.is_loopback

    def _judge_pixels(self, pixels: str) -> str:
        """What is wrong with the pixels; empty for few, and for those of a loopback, which cross no cable."""
        log.info("%s (%s): %s %dx%d, %g fps", self.name, self._path, pixels, *self.size, self.fps)
        if pixels == "MJPG" or self._is_loopback:
            return ""
        refusal = f"{self.name} refuses MJPG and sends {pixels}: expect few frames above 640x480"
        log.warning("%s", refusal)
        return refusal if math.prod(self.size) > math.prod(LARGEST_RAW) else ""

    def _frame_of(self, picture: Any, index: int, captured_ns: int) -> Frame | None:
        """The picture in what the driver handed over; None if it is damaged."""
        agreed = self._agreed
        is_converted = picture.ndim == 3 and picture.shape[2] == 3  # by OpenCV, perhaps all the same
        if agreed is not None and agreed.is_plain and not is_converted:
            return frame_of(picture, agreed.fourcc, self.size, self.name, index, captured_ns)
        if agreed is not None and agreed.is_jpeg and not is_converted:
            return self._decoder.decode(picture.reshape(-1), index, captured_ns)
        return from_bgr(picture, index, captured_ns)

    def _say_nothing(self, limit_s: float, is_damaged: bool) -> str:
        what, remedy = (
            ("nothing but damaged JPEGs", TRY_CABLE) if is_damaged else ("nothing", "plug it in again")
        )
        remedy = CHECK_FEEDER if self._is_loopback else remedy
        return f"{self.name} ({self._path}) delivered {what} for {limit_s:g} s: {remedy}"

    def _say_ended(self) -> str:
        if self._is_loopback:
            return f"{self.name} ({self._path}) stopped: {CHECK_FEEDER}"
        if self._count:
            return f"{self.name} ({self._path}) stopped: unplugged? Check its cable"
        who = f"to find it run: fuser -v {self._path}"
        return f"{self.name} ({self._path}) gives no picture: unplugged, or held by another program; {who}"

    def _tell_damage(self) -> None:
        """Once an opening, but not of what comes first: many cameras begin with half a picture."""
        if not (self._is_first or self._is_damage_told):
            self._is_damage_told = True
            remedy = CHECK_FEEDER if self._is_loopback else TRY_CABLE
            log.warning("%s sends damaged JPEGs, which are left out: %s", self.name, remedy)

    def _tell_rate(self) -> None:
        if self._rate.is_slow:
            self._remedy = self._find_remedy()
            log.warning("%s", self._say_slow())
        else:
            log.info("%s is as fast as promised again: %.1f fps", self.name, self._rate.fps)

    def _say_slow(self) -> str:
        """That the camera delivers far less than it promised; empty if it does not."""
        if not (self._rate.is_slow and self._remedy):  # the remedy is being looked for
            return ""
        promised = f"{self._rate.fps:.1f} fps of the promised {self._rate.promised:g}"
        return f"{self.name} delivers {promised}: {self._remedy}"

    def _find_remedy(self) -> str:
        if self._is_loopback:
            return CHECK_FEEDER
        if not self._may_expose_longer():
            return "more light, or a USB port of its own, may help"
        command = f"v4l2-ctl -d {self._path} --set-ctrl exposure_dynamic_framerate=0"
        return f"in dim light it exposes for longer. More light, or run: {command}"

    def _may_expose_longer(self) -> bool:
        path = Path(self._path)
        try:
            return call_within(self._read_s, f"look at {path}", lambda: self._exposes_longer(path))
        except TimeoutError:
            return False
