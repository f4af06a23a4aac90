"""Whether v4l2loopback is installed, built for this kernel and loaded, and how a distribution installs it."""

from dataclasses import dataclass
from pathlib import Path

from vcam.doctor.case import Case, Finding, named_node, ok, problem
from vcam.doctor.machine import Machine
from vcam.v4l2loopback.cameras import wanted_cameras
from vcam.v4l2loopback.module import ONE_READER, load_command

MODULE = "module"
LOADED = "/sys/module/v4l2loopback"
SOURCES = ("/var/lib/dkms/v4l2loopback", "/usr/src/v4l2loopback-*", "/usr/src/akmods/v4l2loopback-kmod*")


def check_module(case: Case, machine: Machine) -> list[Finding]:
    if is_loaded(machine):
        return [_judge_version(machine)]
    if find_built(machine):
        fix = load_command(wanted_cameras(machine.video, named_node(case, machine)))
        return [problem(MODULE, f"v4l2loopback is built for {machine.release}, but not loaded", fix)]
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
        return ok(MODULE, f"{name} is loaded; only one program at a time can watch the camera")
    return ok(MODULE, f"{name} is loaded")


def _explain_unbuilt(machine: Machine) -> Finding:
    distribution = find_distribution(machine)
    found = f"v4l2loopback is installed, but not built for the running kernel {machine.release}"
    if not machine.path(f"/lib/modules/{machine.release}").exists():
        return problem(MODULE, f"{found}, whose modules are gone: an update has replaced it", "sudo reboot")
    if not has_headers(machine):
        return problem(MODULE, f"{found}: its headers are missing", distribution.headers)
    return problem(MODULE, found, distribution.rebuild)


def _explain_missing(machine: Machine) -> Finding:
    return problem(
        MODULE,
        f"v4l2loopback is not installed for the running kernel {machine.release}: there is no virtual camera",
        find_distribution(machine).install,
    )


def has_headers(machine: Machine) -> bool:
    return machine.path(f"/lib/modules/{machine.release}/build").exists()


DKMS = "sudo dkms autoinstall"
KERNEL_DEVEL = "sudo dnf install kernel-devel-$(uname -r)"
FROM_SOURCE = (
    "git clone https://github.com/v4l2loopback/v4l2loopback && cd v4l2loopback"
    " && make && sudo make install && sudo depmod -a"
)


@dataclass(frozen=True)
class Distribution:
    """Commands of one family of distributions.

    install   the module
    headers   of the running kernel, which the module is built against; empty if their package is not known
    rebuild   the module for the running kernel, once the headers are there
    """

    install: str
    headers: str
    rebuild: str


DEBIAN = Distribution(
    "sudo apt install v4l2loopback-dkms",
    "sudo apt install linux-headers-$(uname -r)",
    DKMS,
)
FEDORA = Distribution(
    # from RPM Fusion: Fedora itself has no module outside its kernel
    "sudo dnf install https://mirrors.rpmfusion.org/free/fedora/rpmfusion-free-release-$(rpm -E %fedora)"
    ".noarch.rpm && sudo dnf install akmod-v4l2loopback && sudo akmods --force",
    KERNEL_DEVEL,
    "sudo akmods --force",
)
ARCH = Distribution(
    "sudo pacman -S v4l2loopback-dkms linux-headers",
    "sudo pacman -S linux-headers",
    DKMS,
)
ENTERPRISE = Distribution(FROM_SOURCE, KERNEL_DEVEL, DKMS)  # Fedora's packages are not theirs
OTHER = Distribution(FROM_SOURCE, "", DKMS)
FAMILIES = {
    **{"debian": DEBIAN, "ubuntu": DEBIAN, "arch": ARCH, "fedora": FEDORA},
    **{"rhel": ENTERPRISE, "ol": ENTERPRISE},  # Rocky, Alma and CentOS are like rhel first, then like fedora
}


def find_distribution(machine: Machine) -> Distribution:
    """The family in /etc/os-release's ID and ID_LIKE; one that builds from source if it is none we know."""
    fields = read_os_release(machine)
    names = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
    return next((FAMILIES[name] for name in names if name in FAMILIES), OTHER)


def read_os_release(machine: Machine) -> dict[str, str]:
    text = machine.read("/etc/os-release") or machine.read("/usr/lib/os-release") or ""
    lines = [line.partition("=") for line in text.splitlines() if not line.startswith("#")]
    return {key: value.strip("\"'") for key, _, value in lines}
