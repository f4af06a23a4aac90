"""The fenced examples of a page, and a shell or a Python that runs one as a reader would who pastes it."""

import doctest
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
NEEDS = re.compile(r"<!-- needs: ([^>]*?) -->\s*\Z")
COMMANDS = {"bash": ["bash", "-euo", "pipefail"], "python": [sys.executable]}
MARK_OF_TESTED = "<!-- tested -->"
MARK = "SHARPKD_EXAMPLE"  # in the environment of all that an example starts
XDG = ("CONFIG", "STATE", "DATA", "CACHE")


@dataclass(frozen=True)
class Example:
    """One fenced block of a page.

    language  the first word behind the fence; "" if there is none
    text      what is between the fences
    needs     programs that a comment before the fence names: <!-- needs: chromium, Xvfb -->
    is_marked  a comment before the fence says <!-- tested -->
    """

    language: str
    text: str
    needs: tuple[str, ...] = ()
    is_marked: bool = False

    @property
    def is_session(self) -> bool:
        """Whether it shows what Python answers."""
        return self.language == "python" and self.text.startswith(">>>")


@dataclass(frozen=True)
class Outcome:
    """What an example came to: its exit code, or None if it took too long, and all that it printed."""

    code: int | None
    printed: str


def read_examples(page: str) -> Iterator[Example]:
    """The fenced blocks of a page of Markdown, in order."""
    for block in FENCE.finditer(page):
        needs = NEEDS.search(page, 0, block.start())
        words = needs[1].replace(",", " ").split() if needs else []
        is_marked = page[: block.start()].rstrip().endswith(MARK_OF_TESTED)
        yield Example(block[1], block[2], tuple(words), is_marked)


def run_example(example: Example, room: Path, limit_s: float) -> Outcome:
    """Run an example in the folder `room`; everything that it started ends with it.

    It finds `sharpkd` and `python` of this checkout on its path, and `call.mp4` (a second of talk),
    `face.jpg` and the folder `recordings/` with a copy of `call.mp4` beside it. Its home is a folder in
    `room`: no setting and no daemon of the user's is seen or touched.
    """
    home = room / "home"
    programs = make_programs(room / "programs")
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in XDG}
    environment = {**os.environ, **folders, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}
    environment |= {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), MARK: str(room)}
    (home / "run").mkdir(parents=True, mode=0o700)
    script = room / "programs" / "example"
    script.write_text(example.text, encoding="utf-8")
    with (room / "programs" / "printed").open("w+") as printed:
        process = subprocess.Popen(
            [*COMMANDS[example.language], str(script)],
            cwd=room,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        try:
            code: int | None = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_all(room)
            process.wait()
        printed.seek(0)
        return Outcome(code, printed.read())


def run_session(text: str, name: str) -> str:
    """Run what stands behind each >>> here; returns how the answers differ, nothing if they do not."""
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    found: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=found.append)
    return "".join(found)


def end_all(room: Path) -> None:
    """Kill every process that was started from `room`, daemons with sessions of their own, too."""
    mark = f"{MARK}={room}".encode()
    while found := [
        pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if has_mark(pid, mark)
    ]:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def has_mark(pid: int, mark: bytes) -> bool:
    """Whether a process runs with this variable; one that has ended, or is another user's, has none."""
    with suppress(OSError):
        return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return False


def make_programs(folder: Path) -> Path:
    """A folder with the commands of this checkout, whatever is installed."""
    folder.mkdir()
    for name, arguments in (("sharpkd", "-m vcam.cli"), ("python", ""), ("python3", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def missing_programs(example: Example) -> list[str]:
    return [name for name in example.needs if shutil.which(name) is None]
