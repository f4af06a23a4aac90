"""What a calling program does to a camera's picture: its encoder at a rate, and what arrives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill.damage.degradation import FPS
from vcam.frame import Frame, Size
from vcam.link import Link, LinkProfile
from vcam.link.profile import fit_size

ENCODERS = {"h264": "x264 zerolatency", "vp8": "VP8", "av1": "AV1"}  # all at constant bitrate
# The sizes and rates of libwebrtc, rtc_base/experiments/encoder_info_settings.cc: with x264 and VP8 720p is
# started from 900 kbps on and 360p from 300, and both are kept a good deal below that.
RATES = {720: (500, 700, 1000, 1200), 360: (150, 200, 300, 500)}  # kbps, by the lines sent
WIDTH_BY_HEIGHT = 16 / 9


@dataclass(frozen=True)
class Call:
    """A calling program's video settings: codec, the lines that it sends, and its target rate."""

    codec: str  # one of ENCODERS
    lines: int
    kbps: float

    @property
    def name(self) -> str:
        return f"{ENCODERS[self.codec]} {self.kbps:g}k {self.lines}p"

    @property
    def profile(self) -> LinkProfile:
        width = round(self.lines * WIDTH_BY_HEIGHT / 2) * 2
        return LinkProfile(self.name, self.codec, width, self.lines, self.kbps, fps=FPS)

    def size(self, camera: Size) -> Size:
        """The size at which a camera's picture is sent: within the call's box, never larger than it is."""
        return fit_size(camera, (self.profile.width, self.profile.height))


def all_calls(codecs: Sequence[str] = tuple(ENCODERS), rates: Sequence[float] = ()) -> list[Call]:
    """Every codec at every size and rate; `rates` keeps those alone, if it names any."""
    return [
        Call(codec, lines, kbps)
        for codec in codecs
        for lines, ladder in RATES.items()
        for kbps in ladder
        if not rates or kbps in rates
    ]


def send(frames: Sequence[Frame], call: Call, first: int) -> tuple[list[Frame], float]:
    """Send frames, in order, and receive them.

    Returns what the other side shows for each frame, at the call's size, and the kbps that were sent from
    frame `first` on: those before are the first keyframe and what repays it. Raises LinkError if the codec
    fails.
    """
    with Link(call.profile, np.random.default_rng(0)) as link:  # nothing is lost: the rng has no say
        shown = [link(frame) for frame in frames[:first]]
        before = link.stats.sent_bytes
        shown += [link(frame) for frame in frames[first:]]
        sent = link.stats.sent_bytes - before
    return shown, sent * 8 / 1000 * FPS / (len(frames) - first)
