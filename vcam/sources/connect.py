"""Opening a stream in every way that a camera may want, one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import av
from av.container import InputContainer

from vcam.errors import SourceError
from vcam.media.opening import DECODER_OPTIONS, file_address
from vcam.media.reading import reason
from vcam.regular import check_regular

# both counted once for connecting and once for probing
OPEN_S = 4.0  # an RTSP handshake over a bad line
HTTP_S = 6.0  # two pictures of a camera that sends one every 2.5 s

LOW_LATENCY = {
    "probesize": "200000",  # bytes; FFmpeg's 5 MB are 20 s of a 2 Mbps stream
    "analyzeduration": "1000000",  # microseconds
    "max_delay": "200000",  # microseconds an RTP packet may come late and out of order
    "overrun_nonfatal": "1",  # a full UDP buffer loses packets instead of ending the stream
}
UNBUFFERED = {"fflags": "nobuffer"}  # what was probed is lost: not for a recording, which begins with it
# what a sender may make us open: never a file of this machine, but for the .sdp that the user named
NETWORK = "rtsp,rtsps,srt,rtp,rtcp,srtp,udp,http,https,httpproxy,tcp,tls,crypto,data"
SDP_PROTOCOLS = "file,crypto,data,udp,rtp,rtcp"
# the sender has answered, or nobody is there: to ask in another way is in vain
FINAL = (
    *(ConnectionRefusedError, av.error.ProtocolNotFoundError, av.error.HTTPUnauthorizedError),
    *(av.error.HTTPForbiddenError, av.error.HTTPNotFoundError),
)


@dataclass(frozen=True)
class Way:
    """How FFmpeg is asked.

    open_s            that it has for connecting, and again for probing
    options           beside those that all streams have
    container_format  where it does not find out by itself
    """

    open_s: float
    options: Mapping[str, str] = field(default_factory=dict)
    container_format: str | None = None


def ways_to(url: str) -> list[Way]:
    """In which ways a stream is asked for, the best one first."""
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme in ("rtsp", "rtsps"):
        # UDP loses packets of keyframes in a burst, but some encoders know nothing else
        return [Way(OPEN_S, {**UNBUFFERED, "rtsp_transport": transport}) for transport in ("tcp", "udp")]
    if scheme in ("http", "https"):
        # the second takes pictures in a row, whatever is between them
        return [Way(HTTP_S), Way(HTTP_S, container_format="mjpeg")]
    return [Way(OPEN_S, UNBUFFERED)]


def connect(url: str, name: str, read_s: float) -> InputContainer:
    """Open a stream in the first way that works.

    name    of the stream, as others may read it
    read_s  after which FFmpeg gives up a read

    Raises SourceError with the first way's reason: the others are for cameras with a quirk.
    """
    first: Exception | None = None
    for way in ways_to(url):
        try:
            container = _open(url, way, read_s)
        except (av.FFmpegError, OSError) as error:
            first = first or error
            if isinstance(error, FINAL) or not _may_be_odd(url, error):
                break
            continue
        if first is None or _has_picture(container):
            return container
        container.close()
    assert first is not None
    raise SourceError(_explain(url, name, first, ways_to(url)[0].open_s)) from None


def _may_be_odd(url: str, error: Exception) -> bool:
    """Whether another way may help: of http only where something came that FFmpeg does not know."""
    return not url.startswith("http") or isinstance(error, av.error.InvalidDataError)


def _has_picture(container: InputContainer) -> bool:
    """Whether a format that was forced fits: FFmpeg opens a web page as MJPEG, too, but of no size."""
    return any(stream.width for stream in container.streams.video)


def _open(url: str, way: Way, read_s: float) -> InputContainer:
    is_address = "://" in url
    if not is_address:
        check_regular(Path(url))
    protocols = {"protocol_whitelist": NETWORK if is_address else SDP_PROTOCOLS}
    return av.open(
        url if is_address else file_address(url),
        format=way.container_format,
        options=LOW_LATENCY | DECODER_OPTIONS | dict(way.options) | protocols,
        metadata_errors="replace",  # the sender's title may be in any encoding
        timeout=(way.open_s, read_s),
    )


def _explain(url: str, name: str, error: Exception, open_s: float) -> str:
    if isinstance(error, av.error.ExitError):
        return f"{name} did not answer within {open_s:g} s: check the address and that the sender runs"
    if isinstance(error, av.error.ProtocolNotFoundError):
        return (
            f"cannot open {name}: this PyAV's FFmpeg is built without {urlsplit(url).scheme};"
            " send by rtsp, udp or http, or run: pip install --no-binary av av"
        )
    return f"cannot open {name} ({reason(error)}): check the address and that the sender runs"
