"""The faults that `bench.attack` injects: what may go wrong around a running camera, by kind.

A kind is a context: entered, it injects one fault, drawn from a seeded generator; left, it takes back what it
changed in files, processes and connections. Settings are left as they are: whoever injects sets good ones.
"""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from bench.source_faults import (
    Random,
    bad_address,
    bad_name,
    damage,
    damaged_recording,
    fifo,
    odd_picture,
    place_without_pictures,
    silent_sender,
    title_not_utf8,
    vanishing_recording,
)
from bench.victim import PATIENCE_S, Victim
from vcam.control.client import ControlClient

Fault: TypeAlias = Callable[[Victim, Random], AbstractContextManager[None]]

VALUES: tuple[tuple[str, object], ...] = (
    *(("strength", "nan"), ("strength", 9e99), ("crispness", -1), ("denoise", "inf"), ("threads", 10**6)),
    *(("link", "x" * 1999), ("link", "270p,loss=7"), ("link", "180p,trace=/etc/passwd"), ("link", ",,=")),
    *(("model", "../../etc/passwd"), ("provider", "tpu"), ("weights", "/dev"), ("size", "0x0")),
    *(("fps", "1e9"), ("preview_port", -1)),
    *(("source", ""), ("source", "\ud800"), ("sink", "/dev/full"), ("nothing", 1), ("always_on", "perhaps")),
)
DEEP = 20_000  # brackets
LONG = 300_000  # bytes
IDLE = 60  # connections at once
STORM = 30  # commands, one after another
FEW = 6  # of what takes long


@contextmanager
def bad_setting(victim: Victim, rng: Random) -> Iterator[None]:
    for index in rng.integers(0, len(VALUES), FEW):
        key, value = VALUES[index]
        victim.set(**{key: value})
    yield


@contextmanager
def malformed_request(victim: Victim, rng: Random) -> Iterator[None]:
    bodies = (
        b"[" * DEEP,
        b'{"set":' * DEEP,
        b'{"set": {"source": "' + b"x" * LONG + b'"}}',
        b'{"set": {"strength": ' + b"9" * 5000 + b"}}",
        b'{"pause": "yes"}',
        b'{"set": ["source"]}',
        json.dumps({"set": {f"key{index}": 0 for index in range(5000)}}).encode(),
        rng.bytes(2000),
    )
    for index in rng.integers(0, len(bodies), FEW):
        body = bodies[index]
        victim.tell(bool(rng.integers(2)), victim.head("POST /command", len(body)) + body)
    yield


@contextmanager
def not_http(victim: Victim, rng: Random) -> Iterator[None]:
    """Bytes that are not a request, or a head without an end."""
    for _ in range(FEW):
        line = b"GET /" + b"a" * int(rng.integers(1, 70_000))
        victim.tell(bool(rng.integers(2)), rng.bytes(3000) if rng.integers(2) else line)
    yield


@contextmanager
def idle_connections(victim: Victim, rng: Random) -> Iterator[None]:
    begun = victim.head("POST /command", 1000) + b"{"
    with ExitStack() as stack:
        for _ in range(IDLE):
            with suppress(OSError):
                connection = stack.enter_context(victim.connect(bool(rng.integers(2))))
                connection.sendall(begun[: rng.integers(len(begun) + 1)])
        yield


@contextmanager
def unread_pictures(victim: Victim, rng: Random) -> Iterator[None]:
    wanted = victim.head("GET /pair.jpg?width=1920&quality=100")
    with ExitStack() as stack:
        for _ in range(FEW):
            with suppress(OSError):
                stack.enter_context(victim.connect(bool(rng.integers(2)))).sendall(wanted * 20)
        yield


@contextmanager
def damaged_weights(victim: Victim, rng: Random) -> Iterator[None]:
    """Files of the weights, one to all, damaged, replaced or taken away, and read again."""
    names = sorted(os.listdir(victim.weights))
    with ExitStack() as stack:
        for name in rng.permutation(names)[: rng.integers(1, len(names) + 1)]:
            path = victim.weights / str(name)
            stack.enter_context(kept(path))
            spoil(path, rng)
        victim.try_to(reload=True)
        yield
    victim.try_to(reload=True)


def spoil(path: Path, rng: Random) -> None:
    """Put something else in the place of a file, or nothing."""
    content = path.read_bytes()
    path.unlink()
    match rng.integers(4):
        case 0:
            path.write_bytes(damage(content, rng))
        case 1:
            path.symlink_to("/etc/passwd")
        case 2:
            os.mkfifo(path)


@contextmanager
def odd_manifest(victim: Victim, rng: Random) -> Iterator[None]:
    """A manifest that is JSON, with a value of another kind in it."""
    path = victim.weights / "manifest.json"
    with kept(path):
        manifest = json.loads(path.read_text())
        model = manifest["models"][rng.integers(len(manifest["models"]))]
        odd: tuple[object, ...] = (None, -1, 10**300, [], {}, "../../etc/passwd", True, 1e308)
        model[str(rng.choice(sorted(model)))] = odd[rng.integers(len(odd))]
        path.write_text("[" * DEEP if rng.integers(4) == 0 else json.dumps(manifest))
        victim.try_to(reload=True)
        yield
    victim.try_to(reload=True)


@contextmanager
def damaged_config(victim: Victim, rng: Random) -> Iterator[None]:
    with kept(victim.config):
        texts = ("source = [[[" * 500, "source = 1\n", f"fps = {'9' * 4500}\n", "\0\0\0", "x" * LONG)
        victim.config.write_text(texts[rng.integers(len(texts))])
        victim.run("set", "--save", "strength", "0.5")
        victim.try_to(reload=True)
        yield


@contextmanager
def deleted_runtime(victim: Victim, rng: Random) -> Iterator[None]:
    """As logind does at logout, and cleaners of old files."""
    if rng.integers(2):
        shutil.rmtree(victim.runtime, ignore_errors=True)  # the daemon makes it again meanwhile
    else:
        (victim.runtime / str(rng.choice(sorted(os.listdir(victim.runtime))))).unlink()
    yield


@contextmanager
def stopped(victim: Victim, rng: Random) -> Iterator[None]:
    os.kill(victim.pid, signal.SIGSTOP)
    time.sleep(rng.uniform(0.2, 2.5))
    os.kill(victim.pid, signal.SIGCONT)
    yield


@contextmanager
def starved(victim: Victim, rng: Random) -> Iterator[None]:
    """A tenth of a processor, as on a machine where everything else runs at once."""
    for _ in range(int(rng.integers(5, 20))):
        os.kill(victim.pid, signal.SIGSTOP)
        time.sleep(0.09)
        os.kill(victim.pid, signal.SIGCONT)
        time.sleep(0.01)
    yield


@contextmanager
def pause_storm(victim: Victim, rng: Random) -> Iterator[None]:
    for word in rng.choice(["pause", "resume"], STORM):
        victim.try_to(**{str(word): True})
    yield


@contextmanager
def setting_storm(victim: Victim, rng: Random) -> Iterator[None]:
    """More changes at once than there are threads for."""
    sources = ["sample", "sample-still", "pattern", "/none.mp4"]

    def change(source: str, link: str) -> None:
        Victim.try_with(ControlClient(victim.control, PATIENCE_S), set={"source": source, "link": link})

    threads = [
        threading.Thread(target=change, args=(str(rng.choice(sources)), str(rng.choice(["off", "180p"]))))
        for _ in range(STORM)
    ]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(PATIENCE_S)


@contextmanager
def kept(path: Path) -> Iterator[None]:
    """A file that has its content again in the end, whatever lies in its place then."""
    content = path.read_bytes()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(content)


FAULTS: dict[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        *(bad_address, bad_name, place_without_pictures, fifo, damaged_recording, title_not_utf8),
        *(odd_picture, vanishing_recording, silent_sender, bad_setting, malformed_request, not_http),
        *(idle_connections, unread_pictures, damaged_weights, odd_manifest, damaged_config),
        *(deleted_runtime, stopped, starved, pause_storm, setting_storm),
    )
}
