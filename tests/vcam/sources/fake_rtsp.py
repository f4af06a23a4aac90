"""A camera's RTSP server for one reader: MPEG-TS in RTP, interleaved in the TCP connection or by UDP."""

import queue
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from children import PATIENCE_S, join
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
    refuses_tcp: ClassVar[bool]
    sends_by_tcp: ClassVar[bool]

    def setup(self) -> None:
        super().setup()
        self.udp: socket.socket | None = None

    def finish(self) -> None:
        if self.udp is not None:
            self.udp.close()
        super().finish()

    def handle(self) -> None:
        method = ""
        while method not in ("PLAY", "TEARDOWN"):
            lines = list(iter(lambda: self.rfile.readline().decode().strip(), ""))
            if not lines:
                return
            method = lines[0].split()[0]
            (sequence,) = (line for line in lines if line.startswith("CSeq"))
            body = SDP if method == "DESCRIBE" else ""
            code, headers = "200 OK", HEADERS.get(method, "")
            if method == "SETUP":
                code, headers = self._agree(next(line for line in lines if line.startswith("Transport")))
            answer = f"RTSP/1.0 {code}\r\n{sequence}\r\n{headers}\r\n{body}"
            self.wfile.write(answer.encode())
        if method == "PLAY" and (self.udp or self.sends_by_tcp):
            self._play()
        elif method == "PLAY":
            self.rfile.read()  # until the reader leaves

    def _agree(self, transport: str) -> tuple[str, str]:
        """The answer to a wish for a transport."""
        if "TCP" in transport:
            if self.refuses_tcp:
                return "461 Unsupported Transport", ""
            return "200 OK", HEADERS["SETUP"]
        found = re.search(r"client_port=(\d+)", transport)
        assert found is not None
        there = int(found[1])
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        here = self.udp.getsockname()[1]
        self.udp.connect(("127.0.0.1", there))
        ports = f"client_port={there}-{there + 1};server_port={here}-{here + 1}"
        return "200 OK", f"Transport: RTP/AVP;unicast;{ports}\r\nSession: 1\r\n"

    def _play(self) -> None:
        pipe = Pipe()
        encoder = threading.Thread(target=encode_to, args=(pipe, self.stop), daemon=True)
        encoder.start()
        number = 0
        try:
            while encoder.is_alive():
                number = self._send(pipe, number)
        except OSError:
            self.stop.set()  # the reader has left
        encoder.join(PATIENCE_S)

    def _send(self, pipe: Pipe, number: int) -> int:
        """Send what the encoder wrote as RTP packets of up to 7 TS packets."""
        try:
            data = pipe.chunks.get(timeout=0.05)
        except queue.Empty:
            return number
        for begin in range(0, len(data), 1316):
            packet = struct.pack(">BBHII", 0x80, 33, number % 65536, 3000 * number, 1)
            packet += data[begin : begin + 1316]
            if self.udp is not None:
                self.udp.send(packet)
            else:
                self.wfile.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
            number += 1
        return number


@contextmanager
def serving_rtsp(refuses_tcp: bool = False, sends_by_tcp: bool = True) -> Iterator[str]:
    """A camera that may answer 461 to RTP in the TCP connection, or agree to it and send nothing."""
    stop = threading.Event()
    manners = {"stop": stop, "refuses_tcp": refuses_tcp, "sends_by_tcp": sends_by_tcp}
    handler = type("Handler", (RtspHandler,), manners)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True  # else it waits for each of them when it is closed
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"rtsp://127.0.0.1:{server.server_address[1]}/live"
    finally:
        stop.set()
        server.shutdown()
        join([thread])
        server.server_close()
