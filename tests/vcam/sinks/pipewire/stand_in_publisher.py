"""Speaks as vcam.pipewire does, without PipeWire: `stand_in_publisher.py BEHAVIOUR FILE ...`.

All it is sent goes into the file. SIGUSR1 and SIGUSR2: somebody begins to watch, nobody does any more.
"""

import os
import signal
import sys
import threading
from pathlib import Path

WORDS = {signal.SIGUSR1: "watched", signal.SIGUSR2: "unwatched"}


def main(behaviour: str, file: Path) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, WORDS)
    threading.Thread(target=listen, daemon=True).start()
    if behaviour == "refuse":
        say("error no PipeWire is running for this user")
        return
    say("open")
    if behaviour == "hang":
        say("watched")
        signal.pause()
    with file.open("ab") as output:
        while received := os.read(0, 1 << 16):
            if behaviour == "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            output.write(received)
            output.flush()


def listen() -> None:
    """By a thread of its own: a handler waits until a read that has just begun returns."""
    while True:
        say(WORDS[signal.sigwait(WORDS)])


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
