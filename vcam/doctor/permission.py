"""Whether this user may open the video nodes."""

import errno
from pathlib import Path

from vcam.doctor.case import Case
from vcam.doctor.finding import Finding, ok, problem
from vcam.doctor.machine import Machine
from vcam.doctor.output import find_output

CHECK = "permission"


def check_permission(case: Case, machine: Machine) -> list[Finding]:
    """Of our node and of every real camera; those of other programs are theirs."""
    ours = find_output(case, machine)
    cameras = [camera.path for camera in machine.webcams() if not camera.is_loopback]
    nodes = [*([ours] if ours else []), *cameras]
    errors = {node: machine.try_open(node) for node in nodes}
    findings = [_explain(machine, node, error) for node, error in errors.items() if error is not None]
    if nodes and not findings:
        return [ok(CHECK, f"{machine.user} may open {', '.join(map(str, nodes))}")]
    return findings


def _explain(machine: Machine, node: Path, error: OSError) -> Finding:
    if error.errno in (errno.EACCES, errno.EPERM):
        return _explain_refusal(machine, node)
    if error.errno in (errno.ENOENT, errno.ENXIO):
        message = f"{node} is in /sys but not in /dev: not made, or not given to this container"
        return problem(CHECK, message, "sudo udevadm trigger --subsystem-match=video4linux")
    message = f"{node} cannot be opened ({error.strerror}); this names who has it"
    return problem(CHECK, message, f"sudo fuser -v {node}")


def _explain_refusal(machine: Machine, node: Path) -> Finding:
    group, number = group_of(machine, node)
    refused = f"{machine.user} may not open {node}"
    if group == "root":  # nobody is to be put into that one
        fix = f"sudo chgrp video {node} && sudo chmod g+rw {node}"
        return problem(CHECK, f"{refused}: it belongs to the group root, expected video", fix)
    if number in machine.groups:
        fix = f"sudo chmod g+rw {node}"
        return problem(CHECK, f"{refused}, though in its group {group}: the group has no right to it", fix)
    if machine.user in members_of(machine, group):
        message = f"{refused}: in the group {group} since the last login. Log out and in, or for one terminal"
        return problem(CHECK, message, f"newgrp {group}")
    message = f"{refused}: not in its group {group}. Afterwards log out and in"
    return problem(CHECK, message, f"sudo usermod -aG {group} $USER")


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
