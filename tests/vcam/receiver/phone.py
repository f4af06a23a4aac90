"""A phone as the receiver meets it: aiortc sends one colour after the other, by WHIP over HTTPS."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import aioice.ice
import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from av import VideoFrame

T = TypeVar("T")
LIMIT_S = 60.0


@dataclass
class Picture:
    """What the phone films: one colour, in a size that changes when it is turned."""

    size: tuple[int, int] = (320, 240)
    yuv: tuple[int, int, int] = (120, 90, 200)


class PictureTrack(VideoStreamTrack):
    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture

    async def recv(self) -> VideoFrame:
        pts, base = await self.next_timestamp()
        width, height = self._picture.size
        frame = VideoFrame(width, height, "yuv420p")
        for plane, value in zip(frame.planes, self._picture.yuv, strict=True):
            plane.update(np.full(plane.buffer_size, value, np.uint8).tobytes())
        frame.pts, frame.time_base = pts, Fraction(base)
        return frame


class Phone:
    """Sends to the page's address from an event loop of its own while it is entered."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.name, _, self.token = parts.fragment.partition("=")
        self.base = f"https://{parts.netloc}"
        self.picture = Picture()
        self.place = ""
        self.answer = ""
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connection: RTCPeerConnection | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.place:
            self.stop()
        self.vanish()
        self._run(_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)
        self._loop.close()

    def http(self) -> httpx.Client:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return httpx.Client(
            base_url=self.base,
            verify=context,
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
        )

    def offer(self) -> str:
        self.vanish()
        return self._run(self._offer())

    def start(self) -> httpx.Response:
        """Offer the picture; it flows as soon as the answer is there."""
        offer = self.offer()
        with self.http() as http:
            response = http.post(f"/{self.name}", content=offer, headers={"Content-Type": "application/sdp"})
        if response.status_code == 201:
            self.place, self.answer = response.headers["location"], response.text
            self._run(self._accept(response.text))
        return response

    def stop(self) -> httpx.Response:
        """Say so first, as the page does."""
        with self.http() as http:
            response = http.delete(self.place)
        self.vanish()
        return response

    def vanish(self) -> None:
        """Close the connection without a word over HTTPS."""
        if self._connection is not None:
            self._run(self._connection.close())
            self._connection = None

    async def _offer(self) -> str:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._connection.addTransceiver(PictureTrack(self.picture), direction="sendonly")
        assert transceiver.kind == "video"
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return str(self._connection.localDescription.sdp)

    async def _accept(self, answer: str) -> None:
        assert self._connection is not None
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S)


async def _rest() -> None:
    """What aiortc leaves to the next turn of the loop."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if tasks:
        await asyncio.wait(tasks, timeout=2.0)
