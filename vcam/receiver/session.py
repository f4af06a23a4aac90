"""One sender's WebRTC connection: its offer is answered, its picture is decoded and handed on."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import SessionDescription
from av.video.frame import VideoFrame

from vcam.errors import VcamError
from vcam.receiver.capture_clock import CaptureClock
from vcam.receiver.frame_output import FrameOutput

log = logging.getLogger(__name__)

ANY = "0.0.0.0"  # the user's own choice, see WhipAddress
SENDING = ("sendonly", "sendrecv")
CONNECT_NS = 10_000_000_000  # to find a way through the network
SILENT_NS = 3_000_000_000  # who sends nothing any more for this long gives its place to the next
GONE_NS = 15_000_000_000  # and after this has left
LOOK_S = 0.5
MOST_MEDIA = 8  # descriptions in one offer


class OfferError(VcamError):
    """An offer that cannot be answered."""


def use_only(host: str) -> None:
    """Send and receive media at this address alone; 0.0.0.0 means all that the machine has but its loopback.

    aioice has no parameter for it. It changes the whole process, which is the receiver's own.
    """
    if host != ANY:
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [host] if use_ipv4 else []
        aioice.ice.get_or_create_mdns_protocol = _make_no_names  # would listen at all of them, port 5353


async def _make_no_names(subscriber: object) -> Any:
    return _NoNames()


class _NoNames:
    """Resolves no .local name: who is on this machine is known by its address."""

    async def resolve(self, hostname: str, timeout: float | None = 1.0) -> str | None:
        return None


def check_offer(sdp: str) -> None:
    """Raise OfferError unless this is an offer with exactly one picture to send, and no data."""
    try:
        media = SessionDescription.parse(sdp).media
    except Exception:  # whatever a parser of text from a network raises
        raise OfferError("the offer cannot be read; expected a session description (SDP)") from None
    pictures = [one for one in media if one.kind == "video" and one.direction in SENDING]
    if len(pictures) != 1 or len(media) > MOST_MEDIA:
        raise OfferError(f"the offer sends {len(pictures)} pictures in {len(media)} media; expected one")
    if any(one.kind not in ("video", "audio") for one in media):
        raise OfferError("the offer has a channel for data; expected a picture alone")


def without_end_of_candidates(sdp: str) -> str:
    """An offer that leaves open whether its sender has more addresses than it tells.

    A browser may hide its addresses behind .local names that this machine cannot resolve. With an end,
    aiortc gives up at once; without one it waits until the sender's checks arrive (RFC 8863). Session
    limits that time.
    """
    return "".join(line for line in sdp.splitlines(keepends=True) if line.strip() != "a=end-of-candidates")


class Session:
    """Holds one connection from its offer to its end.

    output   gets the pictures
    on_end   called once when the sender has gone, however
    sender   its address, as the HTTP request shows it
    clock    monotonic nanoseconds
    """

    def __init__(
        self,
        output: FrameOutput,
        on_end: Callable[["Session"], None],
        sender: str = "",
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.id = secrets.token_urlsafe(12)
        self.sender = sender
        self.is_closed = False
        self._output = output
        self._on_end = on_end
        self._clock = clock
        self._alive_ns = clock()  # of the last picture, or of the offer
        self._has_sent = False
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # nobody else is asked
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_silent(self) -> bool:
        """Whether it has sent nothing for so long that another may take its place."""
        return self.is_closed or self._silence_ns > (SILENT_NS if self._has_sent else CONNECT_NS)

    @property
    def _silence_ns(self) -> int:
        return self._clock() - self._alive_ns

    async def answer(self, sdp: str) -> str:
        """The answer to an offer, with all ways to reach us in it. Raises OfferError."""
        check_offer(sdp)
        connection = self._connection
        connection.on("track", self._take)
        connection.on("connectionstatechange", self._note_state)
        try:
            open_end = without_end_of_candidates(sdp)
            await connection.setRemoteDescription(RTCSessionDescription(open_end, "offer"))
            for one in connection.getTransceivers():
                one.direction = "recvonly" if one.kind == "video" else "inactive"  # no sound is received
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception as error:  # whatever aiortc raises for what it does not know
            log.info("an offer was refused", exc_info=error)
            raise OfferError(
                "the offer cannot be answered; expected a picture in VP8 or H.264, over DTLS and ICE"
            ) from None
        self._tasks.append(asyncio.ensure_future(self._end_if_silent()))
        return str(connection.localDescription.sdp)

    async def close(self) -> None:
        """End the connection; may be called twice."""
        if self.is_closed:
            return
        self.is_closed = True
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        await self._connection.close()
        self._on_end(self)

    def _take(self, track: Any) -> None:
        if track.kind == "video":
            self._tasks.append(asyncio.ensure_future(self._receive(track)))

    async def _receive(self, track: Any) -> None:
        times = CaptureClock()
        self._output.cut()
        while True:
            try:
                picture = await track.recv()
            except MediaStreamError:
                break
            now_ns = self._clock()
            self._alive_ns, self._has_sent = now_ns, True
            if isinstance(picture, VideoFrame):
                ticks = picture.pts if picture.pts is not None else round(now_ns * 9e-5)
                self._output.put(picture, times.moment_ns(ticks, now_ns))
        await self.close()

    async def _note_state(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            await self.close()

    async def _end_if_silent(self) -> None:
        """Let go of one that never connects, or has gone without a word."""
        while self._silence_ns < (GONE_NS if self._has_sent else CONNECT_NS):
            await asyncio.sleep(LOOK_S)
        await self.close()
