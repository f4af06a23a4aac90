"""Where frames come from: webcams, files, live streams, the bundled clip and a test pattern."""

import errno
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from vcam.address import SCHEMES, WHIP, is_file_url, is_whip, normalise, parse_whip, path_of
from vcam.errors import SourceError
from vcam.frame import Size
from vcam.regular import check_regular
from vcam.sources.controls import Tables
from vcam.sources.device_choice import DeviceChoice
from vcam.sources.device_facts import list_facts
from vcam.sources.devices import CaptureDevice, list_devices, usable_devices
from vcam.sources.file import FileSource
from vcam.sources.pace import Clock, Sleep
from vcam.sources.pattern import PatternSource
from vcam.sources.portal import PortalSource
from vcam.sources.receiver import Receivers
from vcam.sources.sample import SAMPLE_PATH, sample_source, still_sample_source
from vcam.sources.screen import ScreenSource, is_screen, is_wayland
from vcam.sources.share import Shares
from vcam.sources.stamp import Stamp, read_stamp
from vcam.sources.still import StillSource
from vcam.sources.stream import StreamSource
from vcam.sources.webcam import WebcamSource
from vcam.sources.whip import WhipSource

__all__ = [
    "SAMPLE_PATH",
    "AnySource",
    "CaptureDevice",
    "DeviceChoice",
    "FileSource",
    "PatternSource",
    "PortalSource",
    "Receivers",
    "ScreenSource",
    "Shares",
    "Stamp",
    "StillSource",
    "StreamSource",
    "WebcamSource",
    "WhipSource",
    "list_devices",
    "list_facts",
    "make_source",
    "read_stamp",
    "sample_source",
    "still_sample_source",
    "usable_devices",
]

AnySource: TypeAlias = (
    FileSource
    | StillSource
    | StreamSource
    | WebcamSource
    | PatternSource
    | WhipSource
    | ScreenSource
    | PortalSource
)

EXPECTED = "auto, /dev/videoN, a camera's name, sample, sample-still, pattern, screen, a video file, or a URL"

# of a file that need not exist yet; no rule, as camera names have dots too ("USB2.0 HD UVC WebCam")
FILE_SUFFIXES = (
    *(".mp4", ".mkv", ".webm", ".mov", ".avi", ".ts", ".m4v", ".mpg", ".264", ".y4m", ".gif"),
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp"),
)


def make_source(
    spec: str,
    *,
    size: Size,
    fps: float,
    loop: bool = False,
    cameras: Callable[[], Sequence[CaptureDevice]] = list_devices,
    own: Path | None = None,
    used: Callable[[CaptureDevice], None] = lambda camera: None,
    controls: Tables | None = None,
    receivers: Receivers | None = None,
    shares: Shares | None = None,
    clock: Clock = time.monotonic_ns,
    sleep: Sleep = time.sleep,
) -> AnySource:
    """The un-opened source that a spec on the command line or in the configuration means.

    | spec                                        | source                                              |
    | ------------------------------------------- | --------------------------------------------------- |
    | auto                                        | the first usable camera                             |
    | /dev/video0, /dev/v4l/by-id/..., 0          | that camera                                         |
    | sample                                      | the bundled clip; it always loops                   |
    | sample-still                                | its person before a background that stands still    |
    | screen, screen:X,Y,WxH, screen:TITLE        | all of the screen, a region, a window (X11 alone)   |
    | pattern                                     | the test pattern, with a stamp in each frame        |
    | rtsp, rtsps, srt, rtp, udp, http, https :// | that live stream                                    |
    | whip://127.0.0.1:8443/phone                 | whoever sends there by WebRTC, as a phone           |
    | talk.sdp                                    | the RTP stream it describes                         |
    | an existing file, a path, or *.mp4 and such | that recording                                      |
    | file:///...                                 | that recording; %20 is a space                      |
    | any other word                              | the first camera with that word in its name         |

    size, fps   asked of cameras and the pattern; files and streams have their own
    loop        files begin again at their end
    cameras     lists those that `auto` chooses from; see DeviceChoice
    own         the node that this program publishes to: never a source
    used        gets the camera that gives pictures
    controls    that a camera is to have
    receivers   keeps what receives by WebRTC over reopenings; None: the source has its own
    shares      the same of what shares a Wayland desktop's screen

    Nothing is opened here: that a file, camera or sender is missing is said by the source's `__enter__`.
    Raises SourceError if the spec is none of these.
    """
    scheme, is_url, _ = spec.partition("://")
    if not spec.strip():
        raise SourceError(f"the source is empty; expected {EXPECTED}")
    if spec == "sample":
        return sample_source(clock=clock, sleep=sleep)
    if spec == "sample-still":
        return still_sample_source(clock=clock, sleep=sleep)
    if spec == "pattern":
        return PatternSource(size, fps, clock=clock, sleep=sleep)
    if is_file_url(spec):
        return FileSource(path_of(spec), loop, clock=clock, sleep=sleep)
    if is_screen(spec) and is_wayland(os.environ):
        return PortalSource(spec, fps, shares, clock=clock)
    if is_screen(spec):
        return ScreenSource(spec, fps, clock=clock, sleep=sleep)
    if is_whip(spec):
        return WhipSource(parse_whip(spec), receivers)
    if is_url and scheme.strip().lower() not in SCHEMES:
        found = f"{scheme}://" if scheme.isalnum() else "with such an address"  # which may hold a password
        raise SourceError(f"no source {found}; expected one of: {', '.join((*SCHEMES, WHIP))}; or {EXPECTED}")
    if is_url or spec.endswith(".sdp"):
        return StreamSource(normalise(spec) if is_url else spec, loop, clock=clock, sleep=sleep)
    if not (spec.startswith("/dev/") or spec.isdecimal()) and _is_file(spec):
        return FileSource(spec, loop, clock=clock, sleep=sleep)
    choice = cameras if spec == "auto" else partial(list_devices, own=own)
    return WebcamSource(spec, size, fps, cameras=choice, clock=clock, used=used, controls=controls)


def _is_file(spec: str) -> bool:
    if "/" in spec or "\\" in spec or Path(spec).suffix.lower() in FILE_SUFFIXES:
        return True
    try:
        check_regular(Path(spec))
    except FileNotFoundError:
        return False
    except (
        OSError
    ) as error:  # a name of 300 characters can be no file's; a FIFO is there, to be refused later
        return error.errno != errno.ENAMETOOLONG
    return True
