"""Reading what a device shows, here or in a process of its own."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from vcam.errors import SourceError, VcamError
from vcam.roundtrip.trip import Arrival, observe
from vcam.sources.loopback import LoopbackSource

LOOK_S = 0.05
JOIN_S = 5.0
MARGIN_S = 60.0  # a slow machine takes ten to import OpenCV, a busy node as long to open

Look: TypeAlias = Callable[[], None]  # raises what has ended the camera


def read_here(node: Path, seconds: float) -> list[Arrival]:
    """What arrives at a node, read by this process. Raises SourceError."""
    with LoopbackSource(node) as source:
        return observe(source, seconds)


def read_elsewhere(node: Path, seconds: float, look: Look, margin_s: float = MARGIN_S) -> list[Arrival]:
    """The same by a process of its own, as a calling program is one: nothing is shared but device and clock.

    look      called while it reads
    margin_s  beyond `seconds`, for its start and for a node that is slow to open

    Raises SourceError if the process ends or hangs, or what it met.
    """
    deadline_s = time.monotonic() + seconds + margin_s
    receiver, sender = Pipe(duplex=False)
    reader = _start_reader(node, seconds, sender)
    try:
        with receiver:
            while not receiver.poll(LOOK_S):
                look()
                if time.monotonic() > deadline_s:
                    raise SourceError(
                        f"the process that read {node} gave no answer within {seconds + margin_s:g} s: its"
                        f" driver hangs. See who has it open: fuser -v {node}"
                    )
            answer: list[Arrival] | VcamError = receiver.recv()
    except EOFError:
        code = reader.wait(JOIN_S)
        raise SourceError(f"the process that read {node} ended with code {code}; run this again") from None
    finally:
        reader.kill()
        with suppress(subprocess.TimeoutExpired):  # a driver can hold even a killed one
            reader.wait(JOIN_S)
    if isinstance(answer, VcamError):
        raise answer
    return answer


def _start_reader(node: Path, seconds: float, sender: Connection) -> subprocess.Popen[bytes]:
    """Start the reading process, which alone holds `sender` from then on."""
    descriptor = sender.fileno()
    # not by multiprocessing, which looks for its modules in the current folder; -P does not
    command = [sys.executable, "-P", "-m", "vcam.roundtrip", str(node), str(seconds), str(descriptor)]
    with sender:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(descriptor,))


def report(node: Path, seconds: float, sender: Connection) -> None:
    """The reading process: sends what it saw, or the error that it met."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's, which ends this one
    answer: list[Arrival] | VcamError
    try:
        answer = read_here(node, seconds)
    except VcamError as error:
        answer = error
    sender.send(answer)
