"""A stream as a source: rtsp, srt, rtp (.sdp), udp and http(s); what is live with little delay."""

import time
from collections import deque
from fractions import Fraction
from urllib.parse import urlsplit

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vcam.conversion.pyav import Converter, to_frame
from vcam.errors import SourceError
from vcam.frame import Frame, Size
from vcam.media.opening import DECODER_OPTIONS
from vcam.media.rate import usable_rate
from vcam.media.reading import check_decoder, reason
from vcam.public import public_name
from vcam.sources.connect import connect
from vcam.sources.demux import PacketReader
from vcam.sources.guard import GuardedSource
from vcam.sources.pace import SECOND_NS, Clock, Pace, Sleep
from vcam.sources.patience import Patience

FIRST_PICTURE_S = 6.0  # who joins between two keyframes waits for the next one
READ_S = 2.0
SLOW = 5  # times as long for a sender that is slow, or not known yet
SEGMENT_S = 12.0  # a playlist's segments have up to ten seconds, and come one at a time
MOST_LIVE, MOST_PACED = 64, 512  # packets that wait: of two seconds, of some segments

HTTP = ("http", "https")
PLAYLISTS = ("hls", "dash")


class StreamSource(GuardedSource):
    """Frames of a stream: of a live one the newest, as they come; of a recording or a playlist at its pace.

    url       one of SCHEMES, or the path of an .sdp file
    loop      a recording that has ended is an error, which has it opened again; False: it ends
    clock     monotonic nanoseconds; `captured_ns` is its time when the frame was decoded, or due
    sleep     waits for seconds
    read_s    longest wait for a packet, and for a picture out of packets, before SourceError; more where the
              sender has shown that it is slower, see Patience

    Once open: `size` and `fps` (the sender's word; 30 where it says nothing). `name` is its public name. The
    first frame is a cut. `__enter__` waits for the first keyframe.

    HLS comes in bursts of some seconds, and a finished clip over http as fast as the network: both are shown
    by their time stamps. Whatever else comes is shown at once, and nothing of it is kept back.

    Raises SourceError if the stream cannot be opened, has no picture, stops sending or ends: a live stream
    has no end, so the caller opens a new source. srt needs an FFmpeg built with it; the one in PyAV 18's
    wheels is not.
    """

    def __init__(
        self,
        url: str,
        loop: bool = True,
        *,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = time.sleep,
        read_s: float = READ_S,
    ) -> None:
        self.url = url
        self.name = public_name(url)
        self.size: Size = (0, 0)
        self.fps = 30.0
        self._loop = loop
        self._clock = clock
        self._sleep = sleep
        self._read_s = read_s
        self._patience = Patience(read_s, read_s)
        self._pace: Pace | None = None
        self._has_end = False
        self._reader: PacketReader | None = None
        self._stream: VideoStream | None = None
        self._pictures: deque[VideoFrame] = deque()
        self._converter = Converter()
        self._count = 0

    def _enter(self) -> None:
        self._open()
        first = self._next_picture(max(FIRST_PICTURE_S, self._read_s))
        self._pictures.appendleft(first)
        self._count = 0
        self.size = first.width & ~1, first.height & ~1

    def _read(self) -> Frame:
        picture = self._next_picture(self._patience.limit_s)
        captured_ns = self._pace.wait(self._moment_ns(picture)) if self._pace else self._clock()
        index, self._count = self._count, self._count + 1
        return to_frame(picture, index, captured_ns, index == 0, self._converter)

    def _moment_ns(self, picture: VideoFrame) -> int:
        if picture.pts is None or picture.time_base is None:
            return round(self._count * SECOND_NS / self.fps)
        return round(picture.pts * picture.time_base * SECOND_NS)

    def _open(self) -> None:
        scheme = urlsplit(self.url).scheme if "://" in self.url else ""
        # a UDP socket that is left behind in a read would keep its port from the next opening
        is_connected = scheme in ("rtsp", "rtsps", *HTTP)
        slow_s = SLOW * self._read_s if is_connected else self._read_s
        container = connect(self.url, self.name, SEGMENT_S if is_connected else self._read_s)
        try:
            self._stream = self._prepare(container)
        except BaseException:
            container.close()
            raise
        is_playlist = any(name in PLAYLISTS for name in container.format.name.split(","))
        self._has_end = scheme in HTTP and bool(container.duration)
        is_paced = is_playlist or self._has_end
        self._pace = Pace(self._clock, self._sleep) if is_paced else None
        if not is_paced:
            self._stream.codec_context.flags |= Flags.low_delay
        self._patience = Patience(
            SEGMENT_S if is_playlist else self._read_s, SEGMENT_S if is_playlist else slow_s
        )
        self._reader = PacketReader(container, self._stream, MOST_PACED if is_paced else MOST_LIVE)

    def _prepare(self, container: InputContainer) -> VideoStream:
        """The stream with the picture, its decoder set up."""
        if not container.streams.video:
            raise SourceError(f"{self.name} sends no video, expected a stream with a picture")
        stream = container.streams.video[0]
        check_decoder(stream, self.name)
        stream.thread_type = "SLICE"  # frame threads hold one frame back each
        stream.codec_context.options = DECODER_OPTIONS
        stream.codec_context.flags |= Flags.unaligned  # else what is cropped at the left may be shown
        self.fps = float(usable_rate(stream.average_rate, otherwise=Fraction(30)))
        return stream

    def _close(self) -> None:
        self._pictures.clear()
        self._stream = None
        self._converter = Converter()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _next_picture(self, limit_s: float) -> VideoFrame:
        """The next decoded picture. Raises SourceError after `limit_s` without one."""
        if self._reader is None:
            raise ValueError("the stream is not open: use it in a with statement")
        deadline_ns = self._clock() + round(limit_s * SECOND_NS)
        before = self._reader.count
        while not self._pictures:
            try:
                packet = self._next_packet((deadline_ns - self._clock()) / SECOND_NS)
            except TimeoutError:
                raise SourceError(self._say_silent(limit_s, self._reader.count - before)) from None
            self._pictures.extend(self._decode(packet))
        return self._pictures.popleft()

    def _say_silent(self, limit_s: float, packets: int) -> str:
        if packets:
            return f"{self.name} sent no picture that can be decoded for {limit_s:g} s: check the sender"
        return f"{self.name} sent nothing for {limit_s:g} s: check the network and the sender"

    def _next_packet(self, limit_s: float) -> Packet:
        """The next packet of the picture. Raises StopIteration at the end of a recording, TimeoutError."""
        assert self._reader is not None
        if limit_s <= 0:
            raise TimeoutError
        try:
            packet = self._reader.next(limit_s)
        except TimeoutError:
            raise
        except av.error.ExitError:
            raise TimeoutError from None
        except (av.FFmpegError, OSError) as error:
            remedy = "check the network"
            if self._has_end:
                remedy += "; if the server sends files as a whole only, download this one first"
            raise SourceError(f"{self.name} broke off ({reason(error)}): {remedy}") from None
        if packet is not None:
            self._patience.note(self._clock())
            return packet
        if self._has_end and not self._loop:
            raise StopIteration
        raise SourceError(f"{self.name} has ended: the sender closed it")

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        """The packet's pictures; none if it is damaged, or before the first keyframe."""
        if self._stream is None:
            return []
        try:
            return self._stream.codec_context.decode(packet)
        except av.FFmpegError:
            return []
