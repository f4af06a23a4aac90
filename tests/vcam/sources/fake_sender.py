"""Real senders on loopback: an encoder on a thread that sends MPEG-TS or RTP until it is told to stop."""

import io
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import av
from children import PATIENCE_S, join
from video_files import grey_picture

SIZE, FPS, GOP = (64, 48), 30, 10


def free_port() -> int:
    """An even UDP port with a free one above it, as RTP wants."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port % 2 == 0:
            return port


def encode_to(target: Any, stop: threading.Event, container_format: str = "mpegts") -> None:
    """Send grey pictures, one code value lighter each, at FPS until `stop` is set."""
    with av.open(target, "w", format=container_format, options={"flush_packets": "1"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.gop_size = GOP
        number = 0
        while not stop.wait(1 / FPS):
            picture = grey_picture(SIZE, 50 + number % 150)
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(picture))
            number += 1


@contextmanager
def sending(target: str, container_format: str = "mpegts") -> Iterator[threading.Event]:
    """A sender to a URL; set the event to let it die."""
    stop = threading.Event()
    thread = threading.Thread(target=encode_to, args=(target, stop, container_format), daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        join([thread])


def write_sdp(path: Path, port: int) -> Path:
    """Describe an MPEG-TS in RTP on a port of this machine."""
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=test", "c=IN IP4 127.0.0.1", "t=0 0"]
    path.write_text("\n".join([*lines, f"m=video {port} RTP/AVP 33", ""]))
    return path


class Pipe(io.RawIOBase):
    """What an encoder writes, handed on through a queue."""

    def __init__(self) -> None:
        self.chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.chunks.put(bytes(data))
        return len(data)


class LiveHandler(BaseHTTPRequestHandler):
    """/live.ts goes on until `stop`, then ends the answer; /stall.ts then keeps silent; else 404."""

    stop: ClassVar[threading.Event]
    done: ClassVar[threading.Event]

    def do_GET(self) -> None:
        if self.path not in ("/live.ts", "/stall.ts"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        pipe = Pipe()
        encoder = threading.Thread(target=encode_to, args=(pipe, self.stop), daemon=True)
        encoder.start()
        try:
            while encoder.is_alive() or not pipe.chunks.empty():
                self._forward(pipe)
            if self.path == "/stall.ts":
                self.done.wait(PATIENCE_S)
        except OSError:
            self.stop.set()  # the reader has left
        encoder.join(PATIENCE_S)

    def _forward(self, pipe: Pipe) -> None:
        try:
            self.wfile.write(pipe.chunks.get(timeout=0.05))
        except queue.Empty:
            return

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[tuple[str, threading.Event]]:
    """A web server; yields its address and the event that ends the stream."""
    events = {"stop": threading.Event(), "done": threading.Event()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (LiveHandler,), events))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", events["stop"]
    finally:
        for event in events.values():
            event.set()
        server.shutdown()
        join([thread])
        server.server_close()
