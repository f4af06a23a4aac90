"""Our node of v4l2loopback: whether it is there with the right options, and whether this user may open it."""

import errno
from pathlib import Path

from vcam.doctor.case import SET_SINK, Case, Finding, find_output, named_node, ok, problem, reload, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import LOADED, is_loaded, read_version
from vcam.v4l2.device import query_card
from vcam.v4l2loopback.cameras import free_number, list_loopbacks, name_cameras
from vcam.v4l2loopback.module import ADDS_DEVICES, CARD, DRIVER

NODE = "node"
FEWEST_BUFFERS = 2  # with one, the writer waits for the reader


def check_node(case: Case, machine: Machine) -> list[Finding]:
    """Nothing where the module is not loaded: that is said elsewhere."""
    if not is_loaded(machine):
        return []
    node, fix = find_output(case, machine), reload(case, machine)
    if node is None:
        return [_explain_absence(machine, named_node(case, machine), fix)]
    return [*_judge_capabilities(machine, node, fix), *_judge_buffers(machine, fix)]


def _explain_absence(machine: Machine, named: Path | None, fix: str) -> Finding:
    """`named` is what the sink names, None if the label is looked for; `fix` loads the module again."""
    found = name_cameras(list_loopbacks(machine.video)) or "none at all"
    wanted = f"at {named}" if named else f'called "{CARD}"'
    message = f"v4l2loopback has no camera {wanted}: found {found}"
    if named and _is_taken(machine, named):
        return problem(NODE, message, SET_SINK)
    if read_version(machine) >= ADDS_DEVICES and machine.which("v4l2loopback-ctl"):
        name = named.name if named else f"video{free_number(machine.video)}"
        return problem(NODE, message, f'sudo v4l2loopback-ctl add -n "{CARD}" -x 1 /dev/{name}')
    return problem(NODE, message, fix)


def _is_taken(machine: Machine, node: Path) -> bool:
    """Whether no v4l2loopback can be made there: another driver's device has the number, or there is none."""
    is_number = node.name.removeprefix("video").isdecimal()
    return not is_number or (machine.video.sys / "class/video4linux" / node.name).exists()


def _judge_capabilities(machine: Machine, node: Path, fix: str) -> list[Finding]:
    """A node that may not be asked is judged by the module's parameters; its permission has a check."""
    card = query_card(node, machine.kernel)
    name = list_loopbacks(machine.video).get(node, "")
    if card is None:
        is_exclusive = read_exclusive(machine, node)
        return [] if is_exclusive is None else [_judge_exclusive(node, name, is_exclusive, fix)]
    if card.driver != DRIVER:
        return [problem(NODE, f"{node} is driven by {card.driver}, expected {DRIVER}", fix)]
    if not (card.is_capture or card.is_output):
        message = f"{node} takes no writer since one ended without a word; the camera frees it when it starts"
        return [warning(NODE, message, "sharpkd restart")]
    return [_judge_exclusive(node, name, not (card.is_capture and card.is_output), fix)]


def _judge_exclusive(node: Path, name: str, is_exclusive: bool, fix: str) -> Finding:
    if is_exclusive:
        return ok(NODE, f'{node} is "{name}", with exclusive_caps')
    return problem(NODE, f'{node} is "{name}", but without exclusive_caps=1: browsers do not list it', fix)


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


def _judge_buffers(machine: Machine, fix: str) -> list[Finding]:
    text = machine.read(f"{LOADED}/parameters/max_buffers") or ""
    if not text.isdecimal() or int(text) >= FEWEST_BUFFERS:
        return []
    message = (
        f"v4l2loopback has max_buffers={text}, expected at least {FEWEST_BUFFERS}: pictures will stutter"
    )
    return [warning(NODE, message, fix)]


def _read_list(machine: Machine, parameter: str) -> list[str]:
    return (machine.read(f"{LOADED}/parameters/{parameter}") or "").split(",")


PERMISSION = "permission"


def check_permission(case: Case, machine: Machine) -> list[Finding]:
    """Of our node and of every real camera; those of other programs are theirs."""
    ours = find_output(case, machine)
    cameras = [camera.path for camera in machine.webcams() if not camera.is_loopback]
    nodes = [*([ours] if ours else []), *cameras]
    errors = {node: machine.try_open(node) for node in nodes}
    findings = [_explain(machine, node, error) for node, error in errors.items() if error is not None]
    if nodes and not findings:
        return [ok(PERMISSION, f"{machine.user} may open {', '.join(map(str, nodes))}")]
    return findings


def _explain(machine: Machine, node: Path, error: OSError) -> Finding:
    if error.errno in (errno.EACCES, errno.EPERM):
        return _explain_refusal(machine, node)
    if error.errno in (errno.ENOENT, errno.ENXIO):
        message = f"{node} is in /sys but not in /dev: not made, or not given to this container"
        return problem(PERMISSION, message, "sudo udevadm trigger --subsystem-match=video4linux")
    message = f"{node} cannot be opened ({error.strerror}); this names who has it"
    return problem(PERMISSION, message, f"sudo fuser -v {node}")


def _explain_refusal(machine: Machine, node: Path) -> Finding:
    group, number = group_of(machine, node)
    refused = f"{machine.user} may not open {node}"
    if group == "root":  # nobody is to be put into that one
        fix = f"sudo chgrp video {node} && sudo chmod g+rw {node}"
        return problem(PERMISSION, f"{refused}: it belongs to the group root, expected video", fix)
    if number in machine.groups:
        fix = f"sudo chmod g+rw {node}"
        return problem(
            PERMISSION, f"{refused}, though in its group {group}: the group has no right to it", fix
        )
    if machine.user in members_of(machine, group):
        message = f"{refused}: in the group {group} since the last login. Log out and in, or for one terminal"
        return problem(PERMISSION, message, f"newgrp {group}")
    message = f"{refused}: not in its group {group}. Afterwards log out and in"
    return problem(PERMISSION, message, f"sudo usermod -aG {group} $USER")


def group_of(machine: Machine, node: Path) -> tuple[str, int]:
    """Name and number of the group that a node belongs to; "video" if the number has no name."""
    try:
        number = node.stat().st_gid
    except OSError:
        return "video", -1
    names = [row[0] for row in _group_rows(machine) if row[2] == str(number)]
    return (names or ["video"])[0], number


def members_of(machine: Machine, group: str) -> list[str]:
    return [name for row in _group_rows(machine) if row[0] == group for name in row[3].split(",")]


def _group_rows(machine: Machine) -> list[list[str]]:
    """name, password, number, members."""
    rows = [line.split(":") for line in (machine.read("/etc/group") or "").splitlines()]
    return [row for row in rows if len(row) == 4]
