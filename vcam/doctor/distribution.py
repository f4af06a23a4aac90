"""How the distributions install what a virtual camera needs."""

from dataclasses import dataclass

from vcam.doctor.machine import Machine

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
