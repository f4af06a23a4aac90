"""Simulated video calls: a calling program's encoder at a target rate, and the decoded picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill.damage.degradation import FPS
from vcam.frame import Frame, Size
from vcam.link import Link, LinkProfile
from vcam.link.profile import fit_size

ENCODERS = {"h264": "x264 zerolatency", "vp8": "VP8", "av1": "AV1"}  # all at constant bitrate
# Sizes and rates of libwebrtc, rtc_base/experiments/encoder_info_settings.cc: with x264 and VP8 it switches
# up to 720p at 900 kbps and to 360p at 300, and keeps both at considerably lower rates.
RATES = {720: (500, 700, 1000, 1200), 360: (150, 200, 300, 500)}  # lines sent: kbps
WIDTH_BY_HEIGHT = 16 / 9


@dataclass(frozen=True)
class Call:
    """Video settings of a calling program: codec, lines sent, and target rate."""

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
        """The size that a camera's picture is sent at: fitted into the call's box, never scaled up."""
        return fit_size(camera, (self.profile.width, self.profile.height))


def all_calls(codecs: Sequence[str] = tuple(ENCODERS), rates: Sequence[float] = ()) -> list[Call]:
    """Every codec at every size and rate; only at `rates` if there are any."""
    return [
        Call(codec, lines, kbps)
        for codec in codecs
        for lines, ladder in RATES.items()
        for kbps in ladder
        if not rates or kbps in rates
    ]


def send(frames: Sequence[Frame], call: Call, first: int) -> tuple[list[Frame], float]:
    """Encode and decode frames in order.

    Returns the received frames, at the call's size, and the kbps sent from frame `first` on: the frames
    before are the first keyframe and the recovery from its cost. Raises LinkError if the codec fails.
    """
    with Link(call.profile, np.random.default_rng(0)) as link:  # no packet loss: the rng is not used
        shown = [link(frame) for frame in frames[:first]]
        before = link.stats.sent_bytes
        shown += [link(frame) for frame in frames[first:]]
        sent = link.stats.sent_bytes - before
    return shown, sent * 8 / 1000 * FPS / (len(frames) - first)
