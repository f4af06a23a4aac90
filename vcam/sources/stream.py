"""A live stream as a source: rtsp, srt, rtp (.sdp), udp and http(s), with as little delay as FFmpeg can."""

import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from vcam.errors import SourceError
from vcam.frame import Frame, Size
from vcam.media import DECODER_OPTIONS, file_address
from vcam.public import public_name
from vcam.regular import check_regular
from vcam.sources.file import reason
from vcam.sources.guard import GuardedSource
from vcam.sources.pace import SECOND_NS, Clock
from vcam.sources.picture import check_decoder, to_frame
from vcam.sources.rate import usable_rate

OPEN_S = 4.0  # an RTSP handshake over a bad line; counted once for connecting and once for probing
FIRST_PICTURE_S = 6.0  # who joins between two keyframes waits for the next one
READ_S = 2.0

LOW_LATENCY = {
    "fflags": "nobuffer",
    "flags": "low_delay",
    "probesize": "200000",  # bytes; FFmpeg's 5 MB are 20 s of a 2 Mbps stream
    "analyzeduration": "1000000",  # microseconds
    "max_delay": "200000",  # microseconds an RTP packet may come late and out of order
    "rtsp_transport": "tcp",  # UDP loses packets of keyframes in a burst
    "overrun_nonfatal": "1",  # a full UDP buffer loses packets instead of ending the stream
}
# what a sender may make us open: never a file of this machine, but for the .sdp that the user named
NETWORK = "rtsp,rtsps,srt,rtp,rtcp,srtp,udp,http,https,httpproxy,tcp,tls,crypto,data"
SDP_PROTOCOLS = "file,crypto,data,udp,rtp,rtcp"


class StreamSource(GuardedSource):
    """The newest frames of a live stream, decoded as they come; nothing is paced and nothing kept back.

    url       one of SCHEMES, or the path of an .sdp file
    clock     monotonic nanoseconds; `captured_ns` is its time when the frame was decoded
    read_s    longest wait for a packet, and for a picture out of packets, before SourceError

    Once open: `size` and `fps` (the sender's word; 30 where it says nothing). `name` is its public name. The
    first frame is a cut. `__enter__` waits for the first keyframe.

    Raises SourceError if the stream cannot be opened, has no picture, stops sending or ends: a live stream
    has no end, so the caller opens a new source. A URL of a finished recording plays as fast as it downloads.
    srt needs an FFmpeg built with it; the one in PyAV 18's wheels is not.
    """

    def __init__(self, url: str, *, clock: Clock = time.monotonic_ns, read_s: float = READ_S) -> None:
        self.url = url
        self.name = public_name(url)
        self.size: Size = (0, 0)
        self.fps = 30.0
        self._clock = clock
        self._read_s = read_s
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._packets: Iterator[Packet] = iter(())
        self._pictures: deque[VideoFrame] = deque()
        self._reformatter = VideoReformatter()
        self._count = 0

    def _enter(self) -> None:
        self._open()
        first = self._next_picture(max(FIRST_PICTURE_S, self._read_s))
        self._pictures.appendleft(first)
        self._count = 0
        self.size = first.width & ~1, first.height & ~1

    def _read(self) -> Frame:
        picture = self._next_picture(self._read_s)
        index, self._count = self._count, self._count + 1
        return to_frame(picture, index, self._clock(), index == 0, self._reformatter)

    def _open(self) -> None:
        try:
            self._container = self._connect()
        except av.error.ExitError:
            raise SourceError(
                f"{self.name} did not answer within {OPEN_S:g} s: check the address and that the sender runs"
            ) from None
        except av.error.ProtocolNotFoundError:
            raise SourceError(
                f"cannot open {self.name}: this PyAV's FFmpeg is built without {urlsplit(self.url).scheme};"
                " send by rtsp, udp or http, or run: pip install --no-binary av av"
            ) from None
        except (av.FFmpegError, OSError) as error:
            raise SourceError(
                f"cannot open {self.name} ({reason(error)}): check the address and that the sender runs"
            ) from None
        if not self._container.streams.video:
            raise SourceError(f"{self.name} sends no video, expected a stream with a picture")
        self._stream = self._container.streams.video[0]
        check_decoder(self._stream, self.name)
        self._stream.thread_type = "SLICE"  # frame threads hold one frame back each
        self._stream.codec_context.flags |= Flags.low_delay
        self._stream.codec_context.options = DECODER_OPTIONS
        self.fps = float(usable_rate(self._stream.average_rate, otherwise=Fraction(30)))
        # all streams: while only the sound still comes, the deadline has to be looked at
        self._packets = self._container.demux()

    def _connect(self) -> InputContainer:
        is_address = "://" in self.url
        if not is_address:
            check_regular(Path(self.url))
        protocols = {"protocol_whitelist": NETWORK if is_address else SDP_PROTOCOLS}
        return av.open(
            self.url if is_address else file_address(self.url),
            options=LOW_LATENCY | DECODER_OPTIONS | protocols,
            metadata_errors="replace",  # the sender's title may be in any encoding
            timeout=(OPEN_S, self._read_s),
        )

    def _close(self) -> None:
        self._packets = iter(())
        self._pictures.clear()
        self._stream = None
        self._reformatter = VideoReformatter()
        if self._container is not None:
            self._container.close()
            self._container = None

    def _next_picture(self, limit_s: float) -> VideoFrame:
        """The next decoded picture. Raises SourceError after `limit_s` of packets without one."""
        deadline_ns = self._clock() + round(limit_s * SECOND_NS)
        while not self._pictures:
            if self._clock() > deadline_ns:
                raise SourceError(
                    f"{self.name} sent no picture that can be decoded for {limit_s:g} s: check the sender"
                )
            self._pictures.extend(self._decode(self._next_packet()))
        return self._pictures.popleft()

    def _next_packet(self) -> Packet:
        try:
            return next(self._packets)
        except StopIteration:
            raise SourceError(f"{self.name} has ended: the sender closed it") from None
        except av.error.ExitError:
            raise SourceError(
                f"{self.name} sent nothing for {self._read_s:g} s: check the network and the sender"
            ) from None
        except (av.FFmpegError, OSError) as error:
            raise SourceError(f"{self.name} broke off ({reason(error)}): check the network") from None

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        """The packet's pictures; none if it is not of the video, or damaged, or before the first keyframe."""
        if self._stream is None or packet.stream_index != self._stream.index:
            return []
        try:
            return self._stream.codec_context.decode(packet)
        except av.FFmpegError:
            return []
