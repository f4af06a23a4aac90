"""A persistent encoder and decoder pair without delay: one frame in, at most one frame out."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from vcam.conversion.pyav import to_picture
from vcam.deadline import NoAnswerError, call_within
from vcam.errors import LinkError
from vcam.frame import Frame, Size, from_packed
from vcam.link.profile import LinkProfile

log = logging.getLogger(__name__)

# for one frame, which takes hundredths of a second; a busy machine may need a hundred times that
HANG_S = 10.0
# without rtc, SVT-AV1 4.1 hangs now and then on a busy machine: bench.encoders counts
SVT_MODE = "pred-struct=1:rtc=1:lp=1"
NO_PERIODIC_KEYFRAMES = 1_000_000
VPX_REOPEN_RATIO = 1.15  # libvpx ignores a changed bit_rate; reopening it costs a keyframe


@dataclass(frozen=True)
class CodecNames:
    """How FFmpeg calls a codec's two sides, and the options that take the delay out of the encoder."""

    encoder: str
    decoder: str
    options: dict[str, str] = field(default_factory=dict)


CODECS = {
    "h264": CodecNames("libx264", "h264", {"tune": "zerolatency"}),
    "vp8": CodecNames(
        "libvpx",
        "vp8",
        # with a positive cpu-used, how long frames take decides their quality: a busy machine makes other
        # pictures; without drop-threshold VP8 overshoots a low rate threefold and takes 176 ms a frame
        {"deadline": "realtime", "cpu-used": "-4", "lag-in-frames": "0", "drop-threshold": "30"},
    ),
    "vp9": CodecNames(
        "libvpx-vp9",
        "vp9",
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "row-mt": "1"},
    ),
    "av1": CodecNames("libsvtav1", "libdav1d", {"preset": "11"}),
}


class Codec:
    """Encoder and decoder of one picture size, kept open so that each frame predicts from the last."""

    def __init__(self, profile: LinkProfile, size: Size, kbps: float) -> None:
        self.size = size
        self._profile = profile
        self._names = CODECS[profile.codec]
        self._count = 0
        self._kbps = kbps
        self._encoder = self._open_encoder()
        self._decoder = cast(VideoCodecContext, av.CodecContext.create(self._names.decoder, "r"))
        self._decoder.thread_count = 1

    def encode(self, frame: Frame, wants_keyframe: bool = False) -> list[Packet]:
        """Encode one frame; no packet means that the encoder skipped it to hold its rate."""
        picture = to_picture(frame)
        picture.pts = self._count
        picture.pict_type = PictureType.I if wants_keyframe else PictureType.NONE
        self._count += 1
        return [packet for packet in self._encode(picture) if packet.size]

    def decode(self, packets: list[Packet]) -> Frame | None:
        """Decode one frame's packets to a Frame of `size`, or None if they complete no picture."""
        pictures = [picture for packet in packets for picture in self._decoder.decode(packet)]
        return from_packed(pictures[-1].to_ndarray(), self.size) if pictures else None

    def set_rate(self, kbps: float) -> None:
        """Move the encoder's target; libvpx and SVT-AV1 are reopened when it moves by more than 15%."""
        if self._profile.crf is not None or kbps == self._kbps:
            return
        if self._profile.codec == "h264":
            self._kbps = kbps
            self._encoder.bit_rate = round(kbps * 1000)
        elif max(kbps / self._kbps, self._kbps / kbps) > VPX_REOPEN_RATIO:
            self.close()
            self._kbps = kbps
            self._encoder = self._open_encoder()

    def close(self) -> None:
        """End the stream; SVT-AV1 complains on stderr if it is dropped in the middle of one."""
        if self._profile.codec == "av1":
            with suppress(NoAnswerError):
                self._encode_in_time(None)

    def _encode(self, picture: VideoFrame) -> list[Packet]:
        """Encode a picture. An SVT-AV1 that hangs is left behind, and another one begins with a keyframe.

        SVT-AV1 4.1's threads sometimes all wait for each other on a busy machine, in the middle of a stream,
        and svt_av1_enc_get_packet then never returns.
        """
        if self._profile.codec != "av1":
            return self._encoder.encode(picture)
        try:
            return self._encode_in_time(picture)
        except NoAnswerError:
            log.warning("SVT-AV1 hangs: another encoder goes on")
        self._encoder = self._open_encoder()
        try:
            return self._encode_in_time(picture)
        except NoAnswerError as error:
            raise LinkError(
                f"SVT-AV1 hangs: no frame within {error.waited_s:g} s; choose another codec for the link"
            ) from None

    def _encode_in_time(self, picture: VideoFrame | None) -> list[Packet]:
        """Raises NoAnswerError; the encoder must not be used after it."""
        encoder = self._encoder
        return call_within(HANG_S, f"SVT-AV1 {id(encoder)}", partial(encoder.encode, picture))

    def _open_encoder(self) -> VideoCodecContext:
        profile = self._profile
        encoder = cast(VideoCodecContext, av.CodecContext.create(self._names.encoder, "w"))
        encoder.width, encoder.height = self.size
        encoder.pix_fmt = "yuv420p"
        encoder.framerate = Fraction(profile.fps).limit_denominator(1001)
        encoder.time_base = 1 / encoder.framerate
        encoder.gop_size = NO_PERIODIC_KEYFRAMES
        encoder.thread_count = 1
        encoder.options = self._names.options | self._rate_options(round(self._kbps * 1000))
        if profile.crf is None:
            encoder.bit_rate = round(self._kbps * 1000)
        # SVT-AV1 prints its settings, and a complaint when closed, to stderr unless told before it opens
        os.environ.setdefault("SVT_LOG", "0")
        try:
            with unchanged_scheduling():
                encoder.open()
        except (av.FFmpegError, ValueError) as error:
            width, height = self.size
            raise LinkError(
                f"cannot open {self._names.encoder} at {width}x{height}, {self._kbps:g} kbps: {error}"
            ) from None
        return encoder

    def _rate_options(self, bits: int) -> dict[str, str]:
        crf, codec = self._profile.crf, self._profile.codec
        preset = {"preset": self._profile.preset} if codec == "h264" else {}
        if codec == "av1":
            control = f"rc=2:tbr={max(1, bits // 1000)}" if crf is None else "rc=0"
            constant = {} if crf is None else {"crf": str(crf)}
            return constant | {"svtav1-params": f"{SVT_MODE}:{control}"}
        if crf is not None:
            return preset | {"crf": str(crf)}
        half_second = {"maxrate": str(bits), "bufsize": str(max(1, bits // 2))}
        return preset | half_second | ({} if codec == "h264" else {"minrate": str(bits)})


@contextmanager
def unchanged_scheduling() -> Iterator[None]:
    """Keep the caller's scheduling policy, and give it to the threads that begin in here.

    Run by root, SVT-AV1 makes the thread that opens it, and its own threads, real-time of the highest
    priority (SCHED_FIFO 99): they and the programs that they start would starve everything else.
    """
    if sys.platform != "linux":
        yield
        return
    policy, priority, before = os.sched_getscheduler(0), os.sched_getparam(0), _threads()
    try:
        yield
    finally:
        for thread in {0} | (_threads() - before):
            with suppress(OSError):  # it has ended, or may not be changed
                os.sched_setscheduler(thread, policy, priority)


def _threads() -> set[int]:
    """The ids of this process's threads."""
    return {int(task.name) for task in Path("/proc/self/task").iterdir()}
