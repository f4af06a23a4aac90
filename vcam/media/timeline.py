"""One timeline for a recording whose time stamps begin again: two that were joined, a clock that was set."""

from av.packet import Packet

BACK_S = 0.1  # more than packets of one stream are out of order
AHEAD_S = 10.0  # a longer gap is no pause: only in formats whose time stamps may jump
TIME_STAMPS_JUMP = 0x200  # AVFMT_TS_DISCONT: MPEG-TS and its like


class Timeline:
    """Moves the packets of all streams onto one timeline that only goes forward.

    may_jump  whether the format allows jumps ahead, see TIME_STAMPS_JUMP

    A part is what lies between two jumps. Each stream comes to a new part by itself, as packets near the
    joint are mixed. The first one there decides when the part begins: where its own last packet ends. So the
    streams of a part stay in step with each other.
    """

    def __init__(self, may_jump: bool) -> None:
        self._may_jump = may_jump
        self._shifts_s = [0.0]  # of each part
        self._parts: dict[int, int] = {}  # stream -> its part
        self._last_s: dict[int, tuple[float, float]] = {}  # of each stream: its last packet, unshifted

    @property
    def is_joined(self) -> bool:
        """Whether there was a jump: the container's own times then say nothing of the whole."""
        return len(self._shifts_s) > 1

    def place(self, packet: Packet) -> None:
        """Shift the packet's time stamps. One without a decoding time belongs to its stream's part."""
        if packet.time_base is None:
            return
        stream, tick_s = packet.stream_index, float(packet.time_base)
        part = self._parts.get(stream, 0)
        if packet.dts is not None:
            dts_s, length_s = packet.dts * tick_s, (packet.duration or 0) * tick_s
            begin_s, end_s = self._last_s.get(stream, (dts_s, dts_s))
            is_ahead = self._may_jump and dts_s > end_s + AHEAD_S
            if is_ahead or dts_s < begin_s - BACK_S:
                part = self._next_part(stream, part, end_s - dts_s)
            self._last_s[stream] = dts_s, dts_s + length_s
        shift = round(self._shifts_s[part] / tick_s)
        if shift:
            packet.dts = None if packet.dts is None else packet.dts + shift
            packet.pts = None if packet.pts is None else packet.pts + shift

    def _next_part(self, stream: int, part: int, gap_s: float) -> int:
        part += 1
        self._parts[stream] = part
        if part == len(self._shifts_s):
            self._shifts_s.append(self._shifts_s[-1] + gap_s)
        return part
