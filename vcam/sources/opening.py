"""Opening a video device through OpenCV, which may hang in its driver, and saying why it does not open."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

from vcam.address import is_utf8
from vcam.deadline import NoAnswerError, call_within
from vcam.errors import SourceError
from vcam.sources.grabber import Capture

T = TypeVar("T")
OpenCapture: TypeAlias = Callable[[str | int, int], Capture]  # (path or number, backend)

USE_SAMPLE = "use --source sample"  # where there is no camera; a recording takes another remedy
OPEN_S = 10.0  # OpenCV asks a busy node again and again; some webcams take three to wake


def open_within(
    limit_s: float,
    open_capture: OpenCapture,
    device: str | int,
    backend: int,
    agree: Callable[[Capture], T],
    hint: str = "",
) -> tuple[Capture, T]:
    """An opened capture, and what `agree` has settled with it, all within a time.

    limit_s  in seconds; up to four times as long for an opening that takes processor time, see vcam.deadline
    hint     what else may be the cause, a sentence

    Raises SourceError if the device does not open, or its driver hangs: then the capture is released when,
    or if, it is let go. Raises what `agree` raises.
    """
    if isinstance(device, str) and not is_utf8(device):  # it would end the whole process
        raise SourceError(f"OpenCV cannot open {device}, whose name is not UTF-8: make a link to it")

    def make() -> tuple[Capture, T]:
        capture = open_capture(device, backend)
        try:
            if not capture.isOpened():
                raise SourceError(f"{_say_closed(device)}{hint and f'. {hint}'}")
            return capture, agree(capture)
        except BaseException:
            capture.release()
            raise

    try:
        return call_within(limit_s, f"open {device}", make, lambda made: made[0].release())
    except NoAnswerError as error:
        raise SourceError(
            f"{device} does not open: its driver has not answered for {error.waited_s:g} s; plug it in again,"
            f" or close the program that holds it{_find(device)}{hint and f'. {hint}'}"
        ) from None


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


def try_open(path: Path) -> OSError | None:
    """What the system says to opening the node, or None if it lets us."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        return error
    return None


def _say_closed(device: str | int) -> str:
    if isinstance(device, int):
        return f"no camera {device} found, or it is busy; plug one in, or {USE_SAMPLE}"
    return say_unopened(Path(device), try_open(Path(device)))


def _find(device: str | int) -> str:
    return "" if isinstance(device, int) else f": fuser -v {device}"


def _is_held_by_us(path: Path) -> bool:
    """Whether this process has the node open; False where the system does not tell."""
    node = os.path.realpath(path)
    with suppress(OSError):
        return any(os.path.realpath(link) == node for link in Path("/proc/self/fd").glob("*"))
    return False
