"""The faults of `bench.attack` that lie in a source: its name, its file, its sender."""

import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np

from bench.victim import PATIENCE_S, Victim

Random: TypeAlias = np.random.Generator

CONTAINERS = {"avi": "mpeg4", "mkv": "libx264", "mp4": "libx264", "ts": "libx264", "mov": "mjpeg"}
TITLE = "a title that is replaced"
ADDRESSES = (
    *("http://[::1", "rtsp://admin:p[ss@127.0.0.1/x", "http://127.0.0.1:1/x.mp4", "rtsp://127.0.0.1:99999/"),
    *("udp://@:0", "http://", "file://", "file:///", "concat:a|b", "http://%zz/", "tcp:/127.0.0.1:1"),
    *("rtmp://\u2105/", "RTSP://127.0.0.1:1", "http://0.0.0.0:1/x.m3u8", "sdp:x", "data:,x", "http://a b/"),
)
PLACES = ("/dev/zero", "/dev/null", "/dev/full", "/proc/self/mem", "/", "/dev/video999", "/etc/passwd", "..")


def damage(content: bytes, rng: Random) -> bytes:
    """Bytes overwritten, cut off, cut out or doubled."""
    damaged = bytearray(content)
    for place in rng.integers(0, len(damaged), rng.integers(1, 60)):
        damaged[place] = rng.integers(0, 256)
    begin, end = sorted(int(place) for place in rng.integers(0, len(damaged), 2))
    match rng.integers(4):
        case 0:
            del damaged[end:]
        case 1:
            del damaged[begin:end]
        case 2:
            damaged[begin:begin] = damaged[begin:end]
    return bytes(damaged)


def recording(folder: Path, rng: Random) -> Path:
    """A short recording that is whole."""
    suffix, codec = list(CONTAINERS.items())[rng.integers(len(CONTAINERS))]
    path = folder / f"recording.{suffix}"
    with av.open(path, "w") as container:
        container.metadata["title"] = TITLE
        stream = container.add_stream(codec, rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 96, 64
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for _ in range(8):
            picture = rng.integers(0, 256, (64, 96, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        container.mux(stream.encode())
    return path


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        yield Path(folder)


@contextmanager
def bad_address(victim: Victim, rng: Random) -> Iterator[None]:
    address = str(rng.choice(ADDRESSES))
    if rng.integers(2):
        victim.run("set", "source", address)
    else:
        victim.set(source=address)
    yield


@contextmanager
def bad_name(victim: Victim, rng: Random) -> Iterator[None]:
    length = int(rng.choice([300, 1999, 5000]))
    name = str(rng.choice(["n", "\u00e9", "../", "%2e", "\x07"])) * length
    victim.set(source=name[:length])
    yield


@contextmanager
def place_without_pictures(victim: Victim, rng: Random) -> Iterator[None]:
    victim.set(source=str(rng.choice(PLACES)))
    yield


@contextmanager
def fifo(victim: Victim, rng: Random) -> Iterator[None]:
    with scratch() as folder:
        path = folder / f"pipe.{rng.choice(list(CONTAINERS))}"
        os.mkfifo(path)
        if rng.integers(2):
            victim.set(source=str(path))
        else:
            victim.set(link=f"180p,trace={path}")
        yield


@contextmanager
def damaged_recording(victim: Victim, rng: Random) -> Iterator[None]:
    with scratch() as folder:
        path = recording(folder, rng)
        path.write_bytes(damage(path.read_bytes(), rng))
        victim.set(source=str(path))
        yield


@contextmanager
def title_not_utf8(victim: Victim, rng: Random) -> Iterator[None]:
    with scratch() as folder:
        path = recording(folder, rng)
        path.write_bytes(path.read_bytes().replace(TITLE.encode(), b"\xe9" * len(TITLE)))
        victim.set(source=str(path))
        yield


@contextmanager
def odd_picture(victim: Victim, rng: Random) -> Iterator[None]:
    with scratch() as folder:
        path = folder / f"picture.{rng.choice(['svg', 'png', 'heic', 'gif', 'sdp', 'm3u8'])}"
        path.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>" if rng.integers(2) else rng.bytes(5000))
        victim.set(source=str(path))
        yield


@contextmanager
def vanishing_recording(victim: Victim, rng: Random) -> Iterator[None]:
    with scratch() as folder:
        path = recording(folder, rng)
        victim.set(source=str(path))
        if rng.integers(2):
            os.truncate(path, int(rng.integers(path.stat().st_size)))
        else:
            path.unlink()
        yield


@contextmanager
def silent_sender(victim: Victim, rng: Random) -> Iterator[None]:
    """Another machine that takes the connection, then says nothing, or what no protocol has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        named = b"HTTP/1.0 200 OK\r\nicy-name: \xe9\xff\r\n\r\n" + rng.bytes(20_000)
        answer = named if rng.integers(2) else b""
        with ExitStack() as taken:

            def serve() -> None:
                with suppress(OSError):
                    while True:
                        taken.enter_context(server.accept()[0]).sendall(answer)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            victim.set(source=f"{rng.choice(['http', 'rtsp'])}://127.0.0.1:{server.getsockname()[1]}/x")
            yield
            server.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_S)
