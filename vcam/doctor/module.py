"""Whether v4l2loopback is installed, built for this kernel and loaded, and which one it is."""

from pathlib import Path

from vcam.doctor.case import Case
from vcam.doctor.distribution import find_distribution
from vcam.doctor.finding import Finding, ok, problem
from vcam.doctor.machine import Machine
from vcam.doctor.output import named_node
from vcam.v4l2loopback.cameras import wanted_cameras
from vcam.v4l2loopback.module import load_command

CHECK = "module"
LOADED = "/sys/module/v4l2loopback"
ADDS_DEVICES = (0, 13)  # with v4l2loopback-ctl, while it is loaded; the first that tells its version
ONE_READER = (0, 13, 2)
SOURCES = ("/var/lib/dkms/v4l2loopback", "/usr/src/v4l2loopback-*", "/usr/src/akmods/v4l2loopback-kmod*")


def check_module(case: Case, machine: Machine) -> list[Finding]:
    if is_loaded(machine):
        return [_judge_version(machine)]
    if find_built(machine):
        fix = load_command(wanted_cameras(machine.video, named_node(case, machine)))
        return [problem(CHECK, f"v4l2loopback is built for {machine.release}, but not loaded", fix)]
    if machine.find(*SOURCES):
        return [_explain_unbuilt(machine)]
    return [_explain_missing(machine)]


def is_loaded(machine: Machine) -> bool:
    return machine.path(LOADED).exists()


def find_built(machine: Machine) -> list[Path]:
    """The module's files for the running kernel, whatever they are compressed with."""
    return machine.find(f"/lib/modules/{machine.release}/**/v4l2loopback.ko*")


def read_version(machine: Machine) -> tuple[int, ...]:
    """Of the loaded module, (0, 13, 2); empty for one before 0.13, which does not tell."""
    text = (machine.read(f"{LOADED}/version") or "").partition("-")[0]
    parts = text.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()


def _judge_version(machine: Machine) -> Finding:
    version = read_version(machine)
    name = f"v4l2loopback {'.'.join(map(str, version)) or 'before 0.13'}"
    if version >= ONE_READER:
        return ok(CHECK, f"{name} is loaded; only one program at a time can watch the camera")
    return ok(CHECK, f"{name} is loaded")


def _explain_unbuilt(machine: Machine) -> Finding:
    distribution = find_distribution(machine)
    found = f"v4l2loopback is installed, but not built for the running kernel {machine.release}"
    if not machine.path(f"/lib/modules/{machine.release}").exists():
        return problem(CHECK, f"{found}, whose modules are gone: an update has replaced it", "sudo reboot")
    if not has_headers(machine):
        return problem(CHECK, f"{found}: its headers are missing", distribution.headers)
    return problem(CHECK, found, distribution.rebuild)


def _explain_missing(machine: Machine) -> Finding:
    return problem(
        CHECK,
        f"v4l2loopback is not installed for the running kernel {machine.release}: there is no virtual camera",
        find_distribution(machine).install,
    )


def has_headers(machine: Machine) -> bool:
    return machine.path(f"/lib/modules/{machine.release}/build").exists()
