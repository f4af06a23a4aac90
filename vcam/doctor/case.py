"""What the checks look at and what they say: the machine, the settings, the camera that runs, a finding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vcam.config import Config
from vcam.doctor.machine import Machine
from vcam.v4l2loopback.cameras import find_virtual_camera, list_loopbacks, wanted_cameras
from vcam.v4l2loopback.module import CARD, reload_command


@dataclass(frozen=True)
class Case:
    """One examination.

    machine   what is looked at
    config    the settings that the camera would start with
    pid       of the camera that runs, or None
    status    of it, as JSON has it; empty if it does not run or does not answer
    is_quick  leave out what takes seconds: measuring webcams
    """

    machine: Machine
    config: Config = field(default_factory=Config)
    pid: int | None = None
    status: Mapping[str, Any] = field(default_factory=dict)
    is_quick: bool = False

    @property
    def is_publishing(self) -> bool:
        """Whether the running camera's sink is a video node."""
        return "/dev/video" in str(self.status.get("sink", ""))

    @property
    def is_released(self) -> bool:
        """Whether the running camera has been told to give its output back."""
        return "output is released" in str(self.status.get("state", ""))

    def has_open(self, holders: list[tuple[int, str]]) -> bool:
        """Whether the running camera is among these."""
        return any(pid == self.pid for pid, _ in holders)


def name_node(path: Path, name: str) -> str:
    return f"{name} ({path})"


OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    check    the topic: "module", "node", "camera"
    level    ok; warning: the camera works, but not as well, or not always; problem: it does not
    message  what was found and, where that is not right, what was expected
    fix      one command that fixes it; empty if nothing is wrong, or no command helps
    """

    check: str
    level: str
    message: str
    fix: str = ""


def ok(check: str, message: str) -> Finding:
    return Finding(check, OK, message)


def warning(check: str, message: str, fix: str = "") -> Finding:
    return Finding(check, WARNING, message, fix)


def problem(check: str, message: str, fix: str) -> Finding:
    return Finding(check, PROBLEM, message, fix)


SET_SINK = "sharpkd set sink auto --save && sharpkd restart"


def uses_module(config: Config) -> bool:
    """Whether the camera publishes through v4l2loopback: not to PipeWire, a file, or the page alone."""
    return config.sink in ("auto", "virtual") or config.sink.startswith("/dev/video")


def named_node(case: Case, machine: Machine) -> Path | None:
    """The node that the sink names, whether it is there or not; None if it is looked for by its label."""
    sink = case.config.sink
    return machine.video.dev / machine.path(sink).resolve().name if sink.startswith("/dev/video") else None


def find_output(case: Case, machine: Machine) -> Path | None:
    """The v4l2loopback to publish to; None if it is not there, or if the sink is of another kind."""
    if not uses_module(case.config):
        return None
    node = named_node(case, machine)
    if node is None:
        return find_virtual_camera(roots=machine.video)
    return node if node in list_loopbacks(machine.video) else None


def has_our_label(case: Case, machine: Machine) -> bool:
    """Whether the node has the label that `sharpkd install` gives, or is to get it; else it is the user's."""
    node = find_output(case, machine)
    if node is None:
        return named_node(case, machine) is None
    return list_loopbacks(machine.video)[node] == CARD


def reload(case: Case, machine: Machine) -> str:
    """The command that loads the module again with the present cameras and the sink's."""
    return reload_command(wanted_cameras(machine.video, named_node(case, machine)))
