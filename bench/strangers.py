"""What strangers at the page's port cost: latency beside idle connections, memory after dead ones.

    python -m bench.strangers [--idle 1100] [--dead 200]

Idle connections send nothing; dead ones hold the key, ask for large pictures and read none. The camera is
another process. The last line is JSON.
"""

import argparse
import json
import multiprocessing
import resource
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import numpy as np

from vcam.camera.camera import Camera
from vcam.camera.parts import Chain, make_source_of
from vcam.config import Config
from vcam.control.app import make_app
from vcam.control.client import ControlClient
from vcam.control.server import ControlServer, Listener, listen_unix
from vcam.conversion.opencv import from_bgr
from vcam.memory import keep_freed_memory
from vcam.page.page import open_page
from vcam.pipeline import Result
from vcam.sinks import NullSink

SIZE = (1920, 1080)
AT_ONCE = 25  # dead clients
WARM_UP = 4  # rounds of them
SETTLE_S = 15.0  # pictures that were asked for are still drawn, on a loaded machine
MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--idle", type=int, default=1100)
    parser.add_argument("--dead", type=int, default=200)
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(json.dumps(measure(args.idle, args.dead)))


def measure(idle: int, dead: int) -> dict[str, object]:
    """Numbers of a camera in a process of its own, in milliseconds and MiB."""
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = multiprocessing.Pipe()
        path = Path(folder) / "control.sock"
        camera = multiprocessing.get_context("spawn").Process(target=_serve, args=(path, theirs), daemon=True)
        camera.start()
        try:
            port, token = ours.recv()
            client = ControlClient(path)
            return {
                "quiet": _latencies(client),
                f"beside {idle} idle": _beside_idle(client, port, idle),
                f"after {dead} dead": _after_dead(int(camera.pid or 0), port, token, dead),
            }
        finally:
            camera.kill()
            camera.join()


def _serve(path: Path, channel: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))  # what a daemon has
    keep_freed_memory()
    config = Config(source="pattern", sink="null", size=SIZE)
    camera = Camera(config, Chain(None, None), NullSink(), make_source_of)
    noise = from_bgr(np.random.default_rng(1).integers(0, 256, (*SIZE[::-1], 3), np.uint8))
    camera.look = lambda: Result(noise, noise)  # type: ignore[method-assign]  # no JPEG makes noise small
    page = open_page(camera, partial(make_app, camera, is_public=True))
    with ControlServer([Listener(listen_unix(path), make_app(camera)), page.listener]):
        camera.start()
        channel.send((page.listener.socket.getsockname()[1], page.token))
        camera.wait(1e6)


def _latencies(client: ControlClient, count: int = 100) -> dict[str, dict[str, float]]:
    return {
        "status_ms": _times_ms(client.status, count),
        "pause_ms": _times_ms(lambda: client.command(pause=True), count),
    }


def _times_ms(ask: Callable[[], object], count: int) -> dict[str, float]:
    """The median tells what it takes, the worst what the machine's load adds."""
    times = []
    for _ in range(count):
        begin_s = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begin_s)
    return {"p50": round(median(times) * 1000, 1), "max": round(max(times) * 1000, 1)}


def _beside_idle(client: ControlClient, port: int, count: int) -> dict[str, dict[str, float]]:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
        return _latencies(client)


def _after_dead(pid: int, port: int, token: str, count: int) -> dict[str, float]:
    """Resident memory after the first dead clients, which fill what is kept for reuse, and after all."""
    for _ in range(WARM_UP):
        _let_die(port, token, AT_ONCE)
    first = _resident_mib(pid)
    for _ in range(0, count, AT_ONCE):
        _let_die(port, token, AT_ONCE)
    return {"first_mib": first, "last_mib": _resident_mib(pid)}


def _let_die(port: int, token: str, count: int) -> None:
    request = (
        f"GET /pair.jpg?width=1920&quality=100 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
            client.sendall(request * 10)
        time.sleep(7)  # longer than an answer may stay unread


def _resident_mib(pid: int) -> float:
    time.sleep(SETTLE_S)
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / MIB, 1)


if __name__ == "__main__":
    main()
