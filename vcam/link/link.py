"""The link as a stage of the pipeline: what goes wrong between a sender and a receiver."""

from collections import deque
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import av
import numpy as np

from vcam.errors import LinkError
from vcam.frame import Frame, Size, resize
from vcam.link.codec import Codec
from vcam.link.profile import LinkProfile, check_profile, fit_size, rate_at

PACKET_BYTES = 1200  # the payload libwebrtc puts into one RTP packet
SECOND_NS = 1_000_000_000


@dataclass
class LinkStats:
    """Counts since the link was opened; `kbps` is what was really sent in the last second."""

    frames: int = 0
    sent_bytes: int = 0
    keyframes: int = 0
    skipped: int = 0  # above the link's frame rate, or left out by the encoder to hold its bitrate
    lost: int = 0  # not decodable: a packet of it, or of a frame it predicts from, was lost
    kbps: float = 0.0


class Link:
    """A stage that sends each frame over a link and returns what a receiver would show.

    The frame that comes back fits into the profile's box and keeps its aspect ratio. A frame
    that is not sent or cannot be decoded shows the last picture again: a freeze, as a receiver does it.

    Time is the frames' own `captured_ns`, so that a run can be repeated: the same frames, profile and
    seed give the same pictures (encoders run on one thread).
    """

    # quoted: NumPy loads its generators, 10 ms, where they are asked for, and few cameras have a link
    def __init__(self, profile: LinkProfile, rng: "np.random.Generator") -> None:
        check_profile(profile)
        self.profile = profile
        self.stats = LinkStats()
        self._rng = rng
        self._codec: Codec | None = None
        self._start_ns: int | None = None
        self._due_ns = 0
        self._repair_ns: int | None = None  # while frozen: when the receiver's plea reaches the sender
        self._owes_cut = False  # a frame that was a cut is not on the receiver's screen yet
        self._shown: Frame | None = None
        self._window: deque[tuple[int, int]] = deque()  # (captured_ns, bytes) of the last second

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the codec's stream; the next frame begins a new one."""
        if self._codec is not None:
            self._codec.close()
        self._codec = self._shown = self._repair_ns = None

    def __call__(self, frame: Frame) -> Frame:
        """Send a frame; returns the receiver's picture with that frame's index and time.

        Raises LinkError if the codec cannot be opened or fails.
        """
        if self._start_ns is None:
            self._start_ns = self._due_ns = frame.captured_ns
        self.stats.frames += 1
        self._owes_cut = self._owes_cut or frame.is_cut
        received = None
        if self._is_due(frame.captured_ns):
            was_frozen = self._repair_ns is not None
            received = self._transmit(frame)
            self._owes_cut = self._owes_cut or was_frozen
        else:
            self.stats.skipped += 1
        is_cut = self._owes_cut and received is not None
        self._owes_cut = self._owes_cut and not is_cut
        self._shown = received or self._shown or resize(frame, self._size_for(frame))
        return replace(self._shown, index=frame.index, captured_ns=frame.captured_ns, is_cut=is_cut)

    def _size_for(self, frame: Frame) -> Size:
        return fit_size(frame.size, (self.profile.width, self.profile.height))

    def _is_due(self, now_ns: int) -> bool:
        """Thin the frames out to the link's rate; a quarter of a period of jitter is let pass."""
        period_ns = round(SECOND_NS / self.profile.fps)
        if now_ns + period_ns // 4 < self._due_ns:
            return False
        self._due_ns = max(self._due_ns + period_ns, now_ns)
        return True

    def _transmit(self, frame: Frame) -> Frame | None:
        """Encode, lose and decode one frame; None where the receiver has nothing new to show."""
        now_ns = frame.captured_ns
        is_repair = self._repair_ns is not None and now_ns >= self._repair_ns
        codec = self._open_codec(frame)
        try:
            packets = codec.encode(resize(frame, codec.size), wants_keyframe=is_repair)
        except av.FFmpegError as error:
            raise LinkError(f"link {self.profile.name!r}: its encoder failed: {error}") from error
        sent = sum(packet.size for packet in packets)
        self._account(now_ns, sent)
        if not packets:
            self.stats.skipped += 1
            return None
        if any(packet.is_keyframe for packet in packets):
            self.stats.keyframes += 1
            self._repair_ns = None
        if self._is_lost(sent) and self._repair_ns is None:  # else the receiver has asked already
            self._repair_ns = now_ns + round(self.profile.rtt_ms * 1e6)
        if self._repair_ns is not None:
            self.stats.lost += 1
            return None
        try:
            return codec.decode(packets)
        except av.FFmpegError as error:
            raise LinkError(f"link {self.profile.name!r}: its decoder failed: {error}") from error

    def _open_codec(self, frame: Frame) -> Codec:
        """The codec for this frame's size, at the rate the link has at this frame's time."""
        assert self._start_ns is not None
        kbps = rate_at(self.profile, (frame.captured_ns - self._start_ns) / SECOND_NS)
        size = self._size_for(frame)
        if self._codec is None or self._codec.size != size:
            self.close()
            self._codec = Codec(self.profile, size, kbps)
        self._codec.set_rate(kbps)
        return self._codec

    def _is_lost(self, sent: int) -> bool:
        if self.profile.loss == 0:
            return False
        count = -(-sent // PACKET_BYTES)
        return bool(self._rng.random() < 1 - (1 - self.profile.loss) ** count)

    def _account(self, now_ns: int, sent: int) -> None:
        self.stats.sent_bytes += sent
        self._window.append((now_ns, sent))
        while now_ns - self._window[0][0] >= SECOND_NS:
            self._window.popleft()
        oldest_ns = self._window[0][0]
        period_ns = SECOND_NS / self.profile.fps
        span_s = (now_ns - oldest_ns + period_ns) / SECOND_NS
        self.stats.kbps = sum(size for _, size in self._window) * 8 / 1000 / span_s
