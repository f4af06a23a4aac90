"""The server under load, at its end, and against its own document.

    python -m bench.serve load         requests a second and p95 at 1, 8 and 64 clients, by hey
    python -m bench.serve end          how many answers a SIGTERM loses, with 64 clients
    python -m bench.serve fuzz         requests made from its OpenAPI document, by schemathesis
    python -m bench.serve engines      pictures a second by threads of one process, and by processes

Each starts a server of its own with the shipped models, and prints JSON as its last line.
"""

import argparse
import csv
import http.client
import io
import json
import multiprocessing
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

from PIL import Image

from vcam.api.sharpener import Sharpener
from vcam.serve.options import PictureOptions
from vcam.serve.picture import restore_picture
from vcam.sources import SAMPLE_PATH
from vcam.sources.file import FileSource

CLIENTS = (1, 8, 64)
SIZE = (640, 360)
BACK_OFF_S = 0.2  # Retry-After says 5 s
READY = re.compile(r"ready at http://([\d.]+):(\d+)")
PATH = "/v1/sharpen?model={model}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("load", "end", "fuzz", "engines"))
    parser.add_argument(
        "--requests", type=int, default=192, help="for each number of clients; of engines, in all"
    )
    parser.add_argument("--examples", type=int, default=100, help="of each route, for fuzz")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--model", default="auto")
    args = parser.parse_args(argv)
    print(json.dumps({"load": load, "end": end, "fuzz": fuzz, "engines": engines}[args.what](args)))
    return 0


@contextmanager
def running(args: argparse.Namespace) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """A server that is ready, its host and port."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "vcam.cli", "serve", "--port", "0", "--folder", f"{folder}/state"]
        process = subprocess.Popen(
            [*command, "--workers", str(args.workers)], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        try:
            found = next(filter(None, map(READY.search, process.stderr)))
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield process, found[1], int(found[2])
        finally:
            process.terminate()
            process.wait()


def sample_picture() -> bytes:
    """The first picture of the bundled clip as a JPEG of SIZE."""
    with FileSource(SAMPLE_PATH, realtime=False) as source:
        frame = next(iter(source))
    out = io.BytesIO()
    Image.fromarray(frame.y).convert("RGB").resize(SIZE).save(out, "JPEG", quality=85)
    return out.getvalue()


def load(args: argparse.Namespace) -> dict[str, object]:
    """hey's numbers for each count of clients."""
    hey = shutil.which("hey")
    if hey is None:
        sys.exit("bench.serve: no hey; run: sudo apt install hey")
    rows = {}
    with running(args) as (_, host, port), tempfile.NamedTemporaryFile(suffix=".jpg") as picture:
        picture.write(sample_picture())
        picture.flush()
        address = f"http://{host}:{port}{PATH.format(model=args.model)}"
        for clients in CLIENTS:
            command = [
                hey,
                "-n",
                str(max(args.requests, clients)),
                "-c",
                str(clients),
                "-m",
                "POST",
                "-t",
                "120",
            ]
            command += ["-T", "image/jpeg", "-D", picture.name, "-o", "csv", address]
            begin_s = time.monotonic()
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            took_s = time.monotonic() - begin_s
            answers = list(csv.DictReader(io.StringIO(out)))
            times_s = sorted(float(answer["response-time"]) for answer in answers)
            rows[clients] = {
                "requests_a_second": round(len(answers) / took_s, 1),
                "p50_ms": round(statistics.median(times_s) * 1e3),
                "p95_ms": round(times_s[int(0.95 * (len(times_s) - 1))] * 1e3),
                "statuses": dict(Counter(answer["status-code"] for answer in answers)),
            }
            print(clients, rows[clients], file=sys.stderr)
    return {"workers": args.workers, "size": SIZE, "clients": rows}


def end(args: argparse.Namespace) -> dict[str, object]:
    """Clients that ask without pause until the server is gone: what became of each request."""
    content, counts, lock = sample_picture(), Counter[str](), threading.Lock()

    def ask(host: str, port: int) -> None:
        connection = http.client.HTTPConnection(host, port, timeout=120)
        while True:
            outcome = ask_once(connection, content, args.model)
            with lock:
                counts[outcome] += 1
            if outcome in ("refused", "lost"):
                return
            if outcome == "503":
                time.sleep(BACK_OFF_S)

    with running(args) as (process, host, port):
        threads = [threading.Thread(target=ask, args=(host, port)) for _ in range(max(CLIENTS))]
        for thread in threads:
            thread.start()
        time.sleep(5)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        code = process.wait()
    return {"clients": len(threads), "outcomes": dict(counts), "lost": counts["lost"], "exit_code": code}


def ask_once(connection: http.client.HTTPConnection, content: bytes, model: str) -> str:
    """The status of the answer; "refused" if there was no connection, "lost" if there was no answer on it."""
    try:
        connection.connect() if connection.sock is None else None
    except OSError:
        return "refused"
    try:
        connection.request("POST", PATH.format(model=model), content, {"Content-Type": "image/jpeg"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return "lost"
    return str(answer.status)


def fuzz(args: argparse.Namespace) -> dict[str, object]:
    """No exception: every answer was as the document has it."""
    from bench.serve_fuzz import fuzz as fuzz_server

    with running(args) as (_, host, port):
        return {"requests": fuzz_server(f"http://{host}:{port}", args.examples), "surprises": 0}


def engines(args: argparse.Namespace) -> dict[str, object]:
    """Pictures a second: as many threads in one process as there would be processes, against these."""
    spawn = multiprocessing.get_context("spawn")
    content, rates = sample_picture(), {}
    pools: dict[str, Executor] = {
        "one": ThreadPoolExecutor(1, initializer=_load, initargs=(args.model,)),
        "threads": ThreadPoolExecutor(args.workers, initializer=_load, initargs=(args.model,)),
        "processes": ProcessPoolExecutor(
            args.workers, mp_context=spawn, initializer=_load, initargs=(args.model,)
        ),
    }
    for name, pool in pools.items():
        with pool:
            list(pool.map(_restore, [content] * 4 * args.workers))  # loads, warms up
            begin_s = time.monotonic()
            list(pool.map(_restore, [content] * args.requests))
            rates[name] = round(args.requests / (time.monotonic() - begin_s), 1)
            print(name, rates[name], file=sys.stderr)
    return {"workers": args.workers, "pictures_a_second": rates}


_LOADED: dict[str, Sharpener] = {}


def _load(model: str) -> None:
    _LOADED.setdefault("model", Sharpener(model, threads=1))


def _restore(content: bytes) -> int:
    return len(restore_picture(content, PictureOptions(), lambda name: _LOADED["model"]).content)


if __name__ == "__main__":
    sys.exit(main())
