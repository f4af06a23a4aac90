"""Which video nodes of this machine are virtual cameras, and which of them is ours."""

import itertools
from collections.abc import Mapping
from pathlib import Path

from vcam.errors import SinkError
from vcam.v4l2.nodes import SYSTEM, VideoRoots, is_virtual, list_entries, node_number, read_text
from vcam.v4l2loopback.module import CARD, MODPROBE, NUMBER, how_to_install, reload_command


def list_loopbacks(roots: VideoRoots = SYSTEM) -> dict[Path, str]:
    """The nodes of all virtual video devices with their card names, by rising number."""
    entries = [entry for entry in list_entries(roots) if is_virtual(entry)]
    return {roots.dev / entry.name: read_text(entry / "name") for entry in entries}


def find_virtual_camera(card: str = CARD, roots: VideoRoots = SYSTEM) -> Path | None:
    """The node of the v4l2loopback camera with this card name, whatever its number; None if there is none."""
    return next((node for node, name in list_loopbacks(roots).items() if name == card), None)


def other_cameras(roots: VideoRoots = SYSTEM) -> dict[Path, str]:
    """The virtual cameras that are not ours; the module takes them with it when it is unloaded."""
    return {node: name for node, name in list_loopbacks(roots).items() if name != CARD}


def wanted_cameras(roots: VideoRoots = SYSTEM, device: Path | None = None) -> dict[int, str]:
    """Labels by number: of the virtual cameras that are there, and of ours, at a free one if it is not.

    device  the node that has to be there in place of one with our label
    """
    there = {node_number(node.name): name for node, name in list_loopbacks(roots).items()}
    if device is not None:
        return {node_number(device.name): CARD, **there}
    return there if CARD in there.values() else {**there, free_number(roots): CARD}


def free_number(roots: VideoRoots = SYSTEM, first: int = NUMBER) -> int:
    """The first number from `first` on that no video device has."""
    return next(number for number in itertools.count(first) if not (roots.listed / f"video{number}").exists())


def name_loss(others: Mapping[Path, str]) -> str:
    """A sentence that names the cameras that are gone while the module is; empty without any."""
    if not others:
        return ""
    names = name_cameras(others)
    return f" Loading the module again removes {names} for a moment: close what uses that before."


def require_virtual_camera(device: str | None = None, roots: VideoRoots = SYSTEM) -> Path:
    """The node to publish to: `device`, or the card called "SharpKD Camera".

    Raises SinkError if there is none, or if v4l2loopback does not drive it, with the command to run.
    """
    node = Path(device) if device else find_virtual_camera(roots=roots)
    if node is None:
        raise SinkError(_explain_absence(roots))
    entry = roots.listed / node.resolve().name
    if not entry.exists():
        raise SinkError(f"there is no video device {node}; {_found(roots)}. Run: {MODPROBE}")
    if not is_virtual(entry):
        driver = (entry / "device/driver").resolve().name
        raise SinkError(f"{node} is driven by {driver}, not v4l2loopback; {_found(roots)}. Run: {MODPROBE}")
    return node


def _explain_absence(roots: VideoRoots) -> str:
    if not (roots.sys / "module/v4l2loopback").exists():
        return f'no camera "{CARD}": the module v4l2loopback is not loaded. {how_to_install()}'
    return (
        f'v4l2loopback is loaded, but none of its cameras is "{CARD}"; {_found(roots)}.'
        f"{name_loss(other_cameras(roots))} Run: {reload_command(wanted_cameras(roots))}"
    )


def _found(roots: VideoRoots) -> str:
    return f"found {name_cameras(list_loopbacks(roots)) or 'no virtual camera at all'}"


def name_cameras(cameras: Mapping[Path, str]) -> str:
    """Nodes with their labels, for a person."""
    return ", ".join(f'{node} "{name}"' for node, name in cameras.items())
