"""Does memory or do threads grow with what a camera does all day?

Ceiling: what was opened, changed or asked for, and is over, leaves nothing behind. Growth below 5 MB over all
of it is the heap finding its size.

    python -m bench.soak [--openings 1000] [--changes 5000] [--clients 200] [--seed 0]

openings  of each file source, three frames each, in this process
changes   of random settings of a running daemon, which shows the bundled clip
clients   of that daemon that ask for pictures and never read one, 50 at a time, then leave

Each is looked at ten times; the daemon has its first settings again then, and is paused. What it holds varies
by some 25 MB, a network that is just being opened or let go, so the least of the second half is compared with
the least of the first. Linux.
"""

import argparse
import json
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.live import rss_mb, sharpkd
from vcam.control.client import ControlClient
from vcam.memory import keep_freed_memory
from vcam.sources import sample_source, still_sample_source
from vcam.sources.guard import GuardedSource

LEAST_MB = 5.0  # of growth that is a leak
POOL = 8  # threads that answer requests: they are started when first needed, and stay
FRAMES = 3  # of each opening: decoder and threads have begun by then
WAVE = 50  # clients at a time
REQUESTS = 20  # of each client, at once; more than a socket's buffers hold answers to
REST_S = 3.0
LOOKS = 10

LARGE_PICTURE = b"GET /pair.jpg?width=1920&quality=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"
FIRST = {"strength": 1, "crispness": 0, "link": "off", "source": "sample", "threads": 1}
CHOICES: dict[str, tuple[object, ...]] = {
    "strength": (0, 0.3, 1),
    "crispness": (0, 0.5, 1),
    "link": ("off", "270p", "180p,codec=vp8", "360p,loss=0.1"),
    "source": ("sample", "sample-still", "pattern"),
    "always_on": (True,),
    "threads": (1, 2),
}


@dataclass(frozen=True)
class Held:
    """What a process holds at a moment."""

    mb: float
    threads: int


@dataclass(frozen=True)
class Growth:
    """What a process holds more, at the least, in the second half of something than in the first."""

    name: str
    count: int
    begin_mb: float
    grown_mb: float
    grown_threads: int

    @property
    def is_flat(self) -> bool:
        return self.grown_mb < LEAST_MB and self.grown_threads <= POOL


def look(pid: int) -> Held:
    return Held(rss_mb(pid), len(os.listdir(f"/proc/{pid}/task")))


def soak(name: str, count: int, turn: Callable[[], None], look: Callable[[], Held]) -> Growth:
    """Do something again and again, and compare what is held in both halves."""
    held: list[Held] = []
    for number in range(count):
        turn()
        if (number + 1) * LOOKS // count > len(held):
            held.append(look())
    half = len(held) // 2
    (mb, threads), (last_mb, last_threads) = least(held[:half]), least(held[half:])
    return Growth(name, count, mb, last_mb - mb, last_threads - threads)


def least(held: Sequence[Held]) -> tuple[float, int]:
    return min(each.mb for each in held), min(each.threads for each in held)


def open_once(make: Callable[..., GuardedSource]) -> None:
    with make(realtime=False) as source:
        for _ in range(FRAMES):
            next(source)


def change_once(client: ControlClient, rng: np.random.Generator) -> None:
    key = str(rng.choice(list(CHOICES)))
    client.command(set={key: CHOICES[key][rng.integers(len(CHOICES[key]))]})


def look_at_rest(client: ControlClient, pid: int) -> Held:
    """What a daemon with its first settings holds while it is paused."""
    client.command(set=FIRST)
    client.command(pause=True)
    time.sleep(REST_S)
    held = look(pid)
    client.command(resume=True)
    return held


def leave_unread(path: Path, count: int) -> None:
    """Let clients ask for pictures, read none of them, and go."""
    with ExitStack() as clients:
        for _ in range(count):
            client = clients.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            client.settimeout(REST_S)
            client.connect(str(path))
            client.sendall(LARGE_PICTURE * REQUESTS)
        time.sleep(REST_S)


@contextmanager
def running_daemon(home: Path) -> Iterator[tuple[int, Path]]:
    """A daemon that shows the bundled clip: its process and its socket."""
    config = home / "config_home" / "sharpkd" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('source = "sample"\nsink = "null"\nprovider = "cpu"\nalways_on = true\n')
    sharpkd("start", home=home)
    try:
        pid = json.loads(sharpkd("status", "--json", home=home))["pid"]
        yield pid, next((home / "runtime_dir").rglob("*.sock"))
    finally:
        sharpkd("stop", home=home)


def soak_all(openings: int, changes: int, clients: int, seed: int) -> Iterator[Growth]:
    for name, make in (("openings", sample_source), ("openings, still", still_sample_source)):
        yield soak(name, openings, partial(open_once, make), partial(look, os.getpid()))
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder, running_daemon(Path(folder)) as (pid, path):
        client = ControlClient(path)
        rested = partial(look_at_rest, client, pid)
        yield soak("changes", changes, partial(change_once, client, rng), rested)
        waves = max(2, clients // WAVE)
        yield soak("dead clients", waves, partial(leave_unread, path, WAVE), rested)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--openings", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    keep_freed_memory()
    print("| | count | MB then | MB more | threads more | |\n| --- | --- | --- | --- | --- | --- |")
    rows = []
    for row in soak_all(**vars(arguments)):
        rows.append(row)
        cells = [
            row.name,
            row.count,
            f"{row.begin_mb:.0f}",
            f"{row.grown_mb:+.1f}",
            f"{row.grown_threads:+d}",
        ]
        print(f"| {' | '.join(map(str, cells))} | {'flat' if row.is_flat else 'GROWS'} |", flush=True)
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
