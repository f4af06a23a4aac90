"""What the checks look at: the machine, the settings, and the camera that runs in the background."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vcam.config import Config
from vcam.doctor.machine import Machine


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
