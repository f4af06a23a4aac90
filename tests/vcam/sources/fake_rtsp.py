"""A camera's RTSP server for one reader: MPEG-TS in RTP, interleaved in the TCP connection."""

import queue
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from fake_sender import Pipe, encode_to

SDP = "\r\n".join(
    [
        *("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=test", "c=IN IP4 127.0.0.1", "t=0 0"),
        *("m=video 0 RTP/AVP 33", "a=control:track", ""),
    ]
)
HEADERS = {
    "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
    "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n",
    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
    "PLAY": "Session: 1\r\n",
}


class RtspHandler(socketserver.StreamRequestHandler):
    stop: ClassVar[threading.Event]

    def handle(self) -> None:
        method = ""
        while method not in ("PLAY", "TEARDOWN"):
            lines = list(iter(lambda: self.rfile.readline().decode().strip(), ""))
            if not lines:
                return
            method = lines[0].split()[0]
            (sequence,) = (line for line in lines if line.startswith("CSeq"))
            body = SDP if method == "DESCRIBE" else ""
            answer = f"RTSP/1.0 200 OK\r\n{sequence}\r\n{HEADERS.get(method, '')}\r\n{body}"
            self.wfile.write(answer.encode())
        if method == "PLAY":
            self._play()

    def _play(self) -> None:
        pipe = Pipe()
        encoder = threading.Thread(target=encode_to, args=(pipe, self.stop))
        encoder.start()
        number = 0
        try:
            while encoder.is_alive():
                number = self._send(pipe, number)
        except OSError:
            self.stop.set()  # the reader has left
        encoder.join()

    def _send(self, pipe: Pipe, number: int) -> int:
        """Send what the encoder wrote as RTP packets of up to 7 TS packets."""
        try:
            data = pipe.chunks.get(timeout=0.05)
        except queue.Empty:
            return number
        for begin in range(0, len(data), 1316):
            packet = struct.pack(">BBHII", 0x80, 33, number % 65536, 3000 * number, 1)
            packet += data[begin : begin + 1316]
            self.wfile.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
            number += 1
        return number


@contextmanager
def serving_rtsp() -> Iterator[str]:
    stop = threading.Event()
    handler = type("Handler", (RtspHandler,), {"stop": stop})
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"rtsp://127.0.0.1:{server.server_address[1]}/live"
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
