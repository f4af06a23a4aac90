"""The process that decodes and restores what strangers send: it may crash, hang or run out of memory.

It speaks over one socket: a `Ready` first, then for each task any number of `Progress` and one outcome. It
ends when the other side does.
"""

import argparse
import logging
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import av

from vcam.api.sharpener import Sharpener
from vcam.errors import ModelError, VcamError
from vcam.frame import black
from vcam.manifest import read_manifest, weights_folder
from vcam.memory import keep_freed_memory
from vcam.public import without_folders
from vcam.serve.picture import asked_size, restore_picture
from vcam.serve.recording import probe
from vcam.serve.refusal import TOO_LARGE, UNUSABLE, RefusedError
from vcam.serve.tasks import (
    Bug,
    Failed,
    Fine,
    ModelFacts,
    Outcome,
    PictureTask,
    ProbeTask,
    Progress,
    Ready,
    Task,
    VideoDone,
    VideoTask,
)
from vcam.spelling import closest

log = logging.getLogger(__name__)

AUTO = "auto"
WARM_UP_SIZE = (640, 480)
PROGRESS_S = 0.2
BYTES_A_PIXEL = (
    40  # of one decoded picture at its worst: RGBA, opacity and 16-bit sums while it is laid on white
)
SPARE_BYTES = 768 * 2**20


class Models:
    """The models of a weights folder, each loaded and warm. Raises ModelError as Sharpener does."""

    def __init__(self, folder: Path, provider: str, threads: int) -> None:
        self._specs = read_manifest(folder)
        if not self._specs:
            raise ModelError(f"the manifest in {folder} names no model; run: make distill")
        self._sharpeners = {
            name: Sharpener(name, provider=provider, threads=threads, weights=folder) for name in self._specs
        }
        for sharp in self._sharpeners.values():
            sharp(black(WARM_UP_SIZE))

    def pick(self, name: str) -> Sharpener:
        """What restores by a model's name; "auto" is the best one. Raises RefusedError if there is none."""
        if name == AUTO:
            return next(iter(self._sharpeners.values()))
        if name not in self._sharpeners:
            hint, known = closest(name, self._sharpeners), ", ".join(self._sharpeners)
            raise RefusedError(UNUSABLE, f"no model {name!r}{hint}; choose one of: {known}, or auto")
        return self._sharpeners[name]

    def facts(self) -> tuple[ModelFacts, ...]:
        return tuple(
            ModelFacts(name, sharp.provider, self._specs[name].looks > 1)
            for name, sharp in self._sharpeners.items()
        )


class Worker:
    """Does tasks.

    models   that it has
    pixels   of the largest picture that it takes
    say      is given each Progress
    """

    def __init__(self, models: Models, pixels: int, say: Callable[[Progress], None]) -> None:
        self._models = models
        self._pixels = pixels
        self._say = say

    def carry_out(self, task: Task) -> Outcome:
        """Do a task; what goes wrong is an outcome, too."""
        try:
            return self._do(task)
        except RefusedError as refusal:
            return refusal
        except (MemoryError, av.error.MemoryError):
            return RefusedError(TOO_LARGE, "it needs more memory than a request may take; send a smaller one")
        except VcamError as error:
            return RefusedError(UNUSABLE, without_folders(str(error)))
        except ConnectionError:
            raise
        except Exception as error:  # the process's boundary: one request's bug is not the next one's
            log.exception("a request failed")
            return Bug(type(error).__name__)

    def _do(self, task: Task) -> Outcome:
        if isinstance(task, PictureTask):
            return restore_picture(task.content, task.options, self._models.pick)
        sharp = self._models.pick(task.options.model)
        asked = asked_size(probe(task.path, self._pixels), task.options)
        if isinstance(task, ProbeTask):
            return Fine()
        return self._restore_video(task, sharp, asked)

    def _restore_video(self, task: VideoTask, sharp: Sharpener, asked: dict[str, Any]) -> VideoDone:
        frames, said_s = 0, 0.0

        def note(count: int, total: int | None) -> None:
            nonlocal frames, said_s
            frames = count
            if time.monotonic() - said_s >= PROGRESS_S:
                said_s = time.monotonic()
                self._say(Progress(count, total or 0))

        options = task.options
        notes = sharp.video(
            task.path,
            task.target,
            **asked,
            strength=options.strength,
            crispness=options.crispness,
            overwrite=True,
            progress=note,
        )
        return VideoDone(frames, tuple(notes))


def limit_memory(pixels: int) -> None:
    """Let this process have, beyond what it has now, what a picture of so many pixels needs."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmData:"))
    most = int(line.split()[1]) * 1024 + pixels * BYTES_A_PIXEL + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def serve(connection: Connection, worker: Worker) -> None:
    """Do one task after the other, until the other side closes the connection."""
    while True:
        try:
            task = connection.recv()
            connection.send(worker.carry_out(task))
        except (EOFError, ConnectionError):
            return


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--weights", default="")
    parser.add_argument("--provider", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pixels", type=int, required=True)
    args = parser.parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # sent to all of a terminal or unit: the server decides
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    keep_freed_memory()
    connection = Connection(socket.socket(fileno=args.socket).detach())
    folder = Path(args.weights) if args.weights else weights_folder()
    try:
        models = Models(folder, args.provider, args.threads)
    except VcamError as error:
        connection.send(Failed(str(error)))
        return error.exit_code
    limit_memory(args.pixels)
    connection.send(Ready(models.facts()))
    serve(connection, Worker(models, args.pixels, connection.send))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
