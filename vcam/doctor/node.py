"""Our node of v4l2loopback: whether it is there, and made with the options that it needs."""

from pathlib import Path

from vcam.doctor.finding import Finding, ok, problem, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import ADDS_DEVICES, LOADED, is_loaded, read_version
from vcam.sinks.nodes import (
    CARD,
    find_virtual_camera,
    free_number,
    list_loopbacks,
    name_cameras,
    reload_command,
    wanted_cameras,
)
from vcam.v4l2.device import query_card

CHECK = "node"
DRIVER = "v4l2 loopback"
FEWEST_BUFFERS = 2  # with one, the writer waits for the reader


def check_node(machine: Machine) -> list[Finding]:
    """Nothing where the module is not loaded: that is said elsewhere."""
    if not is_loaded(machine):
        return []
    node = find_virtual_camera(roots=machine.video)
    if node is None:
        return [_explain_absence(machine)]
    return [*_judge_capabilities(machine, node), *_judge_buffers(machine)]


def _explain_absence(machine: Machine) -> Finding:
    others = name_cameras(list_loopbacks(machine.video))
    message = f'v4l2loopback has no camera called "{CARD}": found {others or "none at all"}'
    if read_version(machine) >= ADDS_DEVICES and machine.which("v4l2loopback-ctl"):
        number = free_number(machine.video)
        return problem(CHECK, message, f'sudo v4l2loopback-ctl add -n "{CARD}" -x 1 /dev/video{number}')
    return problem(CHECK, message, _reload(machine))


def _reload(machine: Machine) -> str:
    return reload_command(wanted_cameras(machine.video))


def _judge_capabilities(machine: Machine, node: Path) -> list[Finding]:
    """A node that may not be asked is judged by the module's parameters; its permission has a check."""
    card = query_card(node, machine.kernel)
    if card is None:
        is_exclusive = read_exclusive(machine, node)
        return [] if is_exclusive is None else [_judge_exclusive(machine, node, is_exclusive)]
    if card.driver != DRIVER:
        message = f"{node} is driven by {card.driver}, expected {DRIVER}"
        return [problem(CHECK, message, _reload(machine))]
    if not (card.is_capture or card.is_output):
        message = f"{node} takes no writer since one ended without a word; the camera frees it when it starts"
        return [warning(CHECK, message, "sharpkd restart")]
    return [_judge_exclusive(machine, node, not (card.is_capture and card.is_output))]


def _judge_exclusive(machine: Machine, node: Path, is_exclusive: bool) -> Finding:
    if is_exclusive:
        return ok(CHECK, f'{node} is "{CARD}", with exclusive_caps')
    message = f'{node} is "{CARD}", but without exclusive_caps=1: browsers do not list it'
    return problem(CHECK, message, _reload(machine))


def read_exclusive(machine: Machine, node: Path) -> bool | None:
    """What the module was told of our node when it was loaded; None if it was told nothing of it.

    One that v4l2loopback-ctl has added later is not among the parameters.
    """
    numbers = _read_list(machine, "video_nr")
    flags = _read_list(machine, "exclusive_caps")
    number = node.name.removeprefix("video")
    if number in numbers and numbers.index(number) < len(flags):
        return flags[numbers.index(number)] == "Y"
    nodes = list(list_loopbacks(machine.video))
    is_fixed = read_version(machine) < ADDS_DEVICES
    return flags[nodes.index(node)] == "Y" if is_fixed and nodes.index(node) < len(flags) else None


def _judge_buffers(machine: Machine) -> list[Finding]:
    text = machine.read(f"{LOADED}/parameters/max_buffers") or ""
    if not text.isdecimal() or int(text) >= FEWEST_BUFFERS:
        return []
    message = (
        f"v4l2loopback has max_buffers={text}, expected at least {FEWEST_BUFFERS}: pictures will stutter"
    )
    return [warning(CHECK, message, _reload(machine))]


def _read_list(machine: Machine, parameter: str) -> list[str]:
    return (machine.read(f"{LOADED}/parameters/{parameter}") or "").split(",")
