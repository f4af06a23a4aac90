"""Web servers on loopback as cameras and film servers are: a clip, a live playlist, pictures in a row."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import av
import cv2
import numpy as np
from children import join
from video_files import grey_picture

SIZE, FPS = (64, 48), 10


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        join([thread])
        server.server_close()


def encode(frames: int, container_format: str, first: int = 0) -> bytes:
    """A clip of grey pictures, one code value lighter each, with a B-frame in each group as films have."""
    file = io.BytesIO()
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.gop_size = FPS
        for number in range(first, first + frames):
            picture = grey_picture(SIZE, 50 + number % 150)
            picture.pts = number + FPS  # B-frames begin before the first one, and not before 0
            picture.time_base = Fraction(1, FPS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


def clip_server(frames: int) -> type[Handler]:
    """Serves /clip.mp4, a finished recording."""
    clip = encode(frames, "mp4")

    class ClipHandler(Handler):
        def do_GET(self) -> None:
            self.answer(clip, "video/mp4")

    return ClipHandler


def playlist_server(segments: int, segment_s: int) -> type[Handler]:
    """Serves /live.m3u8, a live playlist of three segments that moves on by one each time it is asked for."""
    length = segment_s * FPS
    content = [encode(length, "mpegts", number * length) for number in range(segments)]

    class PlaylistHandler(Handler):
        asked: ClassVar[int] = 0

        def do_GET(self) -> None:
            if not self.path.endswith(".m3u8"):
                number = int(Path(self.path).stem)
                self.answer(content[number], "video/mp2t")
                return
            first = min(type(self).asked, segments - 3)
            type(self).asked += 1
            lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{segment_s}", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
            for number in range(first, first + 3):
                lines += [f"#EXTINF:{segment_s},", f"{number}.ts"]
            self.answer("\n".join([*lines, ""]).encode(), "application/vnd.apple.mpegurl")

    return PlaylistHandler


def picture_server(interval_s: float, has_first_boundary: bool = True) -> type[Handler]:
    """Serves /video, JPEG pictures in a row (multipart/x-mixed-replace), each one lighter than the last.

    has_first_boundary  False: the first picture comes without one before it, as some firmwares send it
    """

    class PictureHandler(Handler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            try:
                self._send_all()
            except OSError:
                return  # the reader has left

        def _send_all(self) -> None:
            if has_first_boundary:
                self.wfile.write(b"--next\r\n")
            for number in range(1000):
                picture = np.full((SIZE[1], SIZE[0], 3), 50 + number % 150, np.uint8)
                jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
                self.wfile.write(head + jpeg + b"\r\n--next\r\n")
                self.wfile.flush()
                time.sleep(interval_s)

    return PictureHandler
