"""Which node of v4l2loopback the settings' sink means."""

from pathlib import Path

from vcam.config import Config
from vcam.doctor.case import Case
from vcam.doctor.machine import Machine
from vcam.v4l2loopback.cameras import find_virtual_camera, list_loopbacks, wanted_cameras
from vcam.v4l2loopback.module import CARD, reload_command

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
    """The command that loads the module anew with the cameras that are there, and the sink's."""
    return reload_command(wanted_cameras(machine.video, named_node(case, machine)))
