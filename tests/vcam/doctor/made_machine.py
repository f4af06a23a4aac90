"""A machine made of a folder: what the checks see is what the test has put there."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fake_node import CAPTURE, OUTPUT, FakeKernel, FakeNode

from vcam.doctor.machine import Machine
from vcam.v4l2loopback.module import CARD

RELEASE = "6.1.0-50-amd64"
DRIVER = "v4l2 loopback"
I420_720P = {"YU12": {(1280, 720): [(1, 30)]}}

# for checks that look elsewhere
BARE = Machine(Path("/nonexistent"), Path("/nonexistent"), RELEASE, "ann", frozenset(), FakeKernel())


@dataclass
class MadeMachine:
    """Files below a root, video nodes, and what programs print.

    answers  by a program's words, joined; any other program is not installed
    """

    root: Path
    kernel: FakeKernel = field(default_factory=FakeKernel)
    answers: dict[str, str] = field(default_factory=dict)
    installed: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.put("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        self.put("/etc/group", f"video:x:{os.getgid()}:\n")
        groups = frozenset([os.getgid()])
        self.machine = Machine(
            self.root, self.root / "home/ann", RELEASE, "ann", groups, self.kernel, self._run, self._which
        )

    def without_groups(self) -> Machine:
        return replace(self.machine, groups=frozenset())

    def put(self, name: str, content: str | bytes = "") -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def load_module(self, version: str = "0.15.0", **parameters: str) -> None:
        """A loaded module, which tells its version from 0.13 on."""
        self.put("/sys/module/v4l2loopback/refcnt", "0\n")
        if not version.startswith("0.12"):
            self.put("/sys/module/v4l2loopback/version", f"{version}\n")
        for name, value in parameters.items():
            self.put(f"/sys/module/v4l2loopback/parameters/{name}", f"{value}\n")

    def build_module(self) -> None:
        self.put(f"/lib/modules/{RELEASE}/updates/dkms/v4l2loopback.ko.xz")

    def add_node(self, number: int, node: FakeNode, bus: str = "pci0/usb1") -> Path:
        """A video device with its node."""
        entry = self.root / "sys/devices" / bus / f"video4linux/video{number}"
        entry.mkdir(parents=True)
        (entry / "name").write_text(f"{node.card}\n")
        (entry / "index").write_text("0\n")
        listed = self.root / "sys/class/video4linux"
        listed.mkdir(parents=True, exist_ok=True)
        (listed / entry.name).symlink_to(entry)
        self.put(f"/dev/video{number}")
        path = self.root / f"dev/video{number}"
        self.kernel.nodes[str(path)] = node
        return path

    def add_loopback(self, number: int = 42, card: str = CARD, caps: int = OUTPUT) -> Path:
        """A v4l2loopback; with a writer it is CAPTURE and gives 1280x720."""
        pictures = I420_720P if caps & CAPTURE else {}
        return self.add_node(number, FakeNode(DRIVER, card, caps, dict(pictures)), "virtual")

    def open_by(self, pid: int, program: str, node: Path) -> None:
        """Let a process have a node open."""
        self.put(f"/proc/{pid}/comm", f"{program}\n")
        (self.root / f"proc/{pid}/fd").mkdir()
        (self.root / f"proc/{pid}/fd/7").symlink_to(node)

    def _run(self, *words: str) -> str | None:
        self.asked.append(" ".join(words))
        return self.answers.get(" ".join(words))

    def _which(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in self.installed else None


def levels(findings: Sequence[object]) -> list[str]:
    return [finding.level for finding in findings]  # type: ignore[attr-defined]
