"""Where facts come from: files, video nodes, and programs that only look."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from vcam.paths import home_folder
from vcam.sources.devices import CaptureDevice, list_devices
from vcam.v4l2.device import Kernel, Linux
from vcam.v4l2.look import look_at
from vcam.v4l2.nodes import VideoRoots

RUN_S = 5.0

Run: TypeAlias = Callable[..., str | None]  # words of a command -> what it printed, or None


@dataclass(frozen=True)
class Machine:
    """One machine, as far as a check asks it.

    root     of the file system
    home     the user's folder, below that root
    release  of the running kernel, as `uname -r` prints it
    user     the user's name
    groups   numbers of the groups that this process has
    kernel   opens and asks video nodes
    run      what a program prints; None if it is not there, fails to start or takes too long
    which    a program's path, or None
    """

    root: Path
    home: Path
    release: str
    user: str
    groups: frozenset[int]
    kernel: Kernel = field(default_factory=Linux)
    run: Run = lambda *words: run_program(*words)
    which: Callable[[str], str | None] = shutil.which

    @property
    def video(self) -> VideoRoots:
        return VideoRoots(self.root / "sys", self.root / "dev")

    def path(self, name: str) -> Path:
        """The path that is called `name` from the root: "/sys/module"."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> str | None:
        """A file's text without the white space around it, or None if it cannot be read."""
        try:
            return self.path(name).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    def find(self, *patterns: str) -> list[Path]:
        """The paths that match any of these patterns from the root; what may not be seen is left out."""
        found = [path for pattern in patterns for path in self._glob(pattern)]
        return sorted(set(found))

    def webcams(self) -> list[CaptureDevice]:
        """All cameras, virtual ones and ours too, in the order in which `auto` takes them."""
        return list_devices(self.video, lambda path: look_at(path, self.kernel))

    def try_open(self, node: Path) -> OSError | None:
        """What the system says to opening a node for reading and writing, or None if it lets us."""
        try:
            self.kernel.close(self.kernel.open(str(node)))
        except OSError as error:
            return error
        return None

    def holders(self, node: Path) -> list[tuple[int, str]]:
        """(pid, name) of the processes that have a node open, as far as this user may see them."""
        return [
            (int(process.name), self.read(f"/proc/{process.name}/comm") or "?")
            for process in self.find("/proc/[0-9]*")
            if str(node) in _open_files(process)
        ]

    def _glob(self, pattern: str) -> Iterator[Path]:
        try:
            yield from self.root.glob(pattern.lstrip("/"))
        except OSError:
            return


def this_machine() -> Machine:
    """The real one."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container that runs as a number
        user = str(os.getuid())
    groups = frozenset([*os.getgroups(), os.getegid()])
    return Machine(Path("/"), home_folder(Path.home), os.uname().release, user, groups)


def run_program(*words: str) -> str | None:
    """What a program prints, in English, to both of its outputs; None if that does not come to an end."""
    try:
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
            timeout=RUN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace")


def _open_files(process: Path) -> set[str]:
    try:
        return {os.readlink(link) for link in (process / "fd").iterdir()}
    except OSError:  # another user's, or ended meanwhile
        return set()
