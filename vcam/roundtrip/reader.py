"""Reading what a device shows, here or in a process of its own."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from vcam.errors import SourceError, VcamError
from vcam.roundtrip.trip import Arrival, observe
from vcam.sources.loopback import LoopbackSource

LOOK_S = 0.05
JOIN_S = 5.0

Look: TypeAlias = Callable[[], None]  # raises what has ended the camera


def read_here(node: Path, seconds: float) -> list[Arrival]:
    """What arrives at a node, read by this process. Raises SourceError."""
    with LoopbackSource(node) as source:
        return observe(source, seconds)


def read_elsewhere(node: Path, seconds: float, look: Look) -> list[Arrival]:
    """The same by a process of its own, as a calling program is one: nothing is shared but device and clock.

    look  called while it reads
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the camera's threads half
    receiver, sender = context.Pipe(duplex=False)
    reader = context.Process(target=report, args=(node, seconds, sender), name="reader", daemon=True)
    reader.start()
    sender.close()
    try:
        while not receiver.poll(LOOK_S):
            look()
        answer: list[Arrival] | VcamError = receiver.recv()
    except EOFError:
        reader.join(JOIN_S)
        raise SourceError(
            f"the process that read {node} ended with code {reader.exitcode}; run this again"
        ) from None
    finally:
        reader.kill()
        reader.join(JOIN_S)
    if isinstance(answer, VcamError):
        raise answer
    return answer


def report(node: Path, seconds: float, sender: Connection) -> None:
    """The reading process: sends what it saw, or the error that it met."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's, which ends this one
    answer: list[Arrival] | VcamError
    try:
        answer = read_here(node, seconds)
    except VcamError as error:
        answer = error
    sender.send(answer)
