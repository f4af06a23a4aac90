"""Whether the firmware or the kernel refuses a module that was built on this machine."""

from vcam.doctor.finding import Finding, ok, problem, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import find_built, is_loaded

CHECK = "secure boot"
VARIABLE = "/sys/firmware/efi/efivars/SecureBoot-*"
LOCKDOWN = "/sys/kernel/security/lockdown"  # "none [integrity] confidentiality"; often for root alone
# where the distributions keep the key that they sign built modules with: Ubuntu, Debian and Arch, Fedora
KEYS = ("/var/lib/shim-signed/mok/MOK.der", "/var/lib/dkms/mok.pub", "/etc/pki/akmods/certs/public_key.der")
DEFAULT_KEY = "/var/lib/dkms/mok.pub"


def check_secure_boot(machine: Machine) -> list[Finding]:
    lockdown = read_lockdown(machine)
    reason = "Secure Boot is on" if is_on(machine) else f"kernel lockdown is {lockdown}" if lockdown else ""
    if not reason:
        return [ok(CHECK, "off: the kernel takes any module")]
    if is_loaded(machine):
        return [ok(CHECK, f"{reason}, and v4l2loopback is loaded: its key is trusted")]
    if not find_built(machine):
        return [warning(CHECK, f"{reason}: the key of a module that is built here will have to be enrolled")]
    key = find_key(machine)
    if "already enrolled" in (machine.run("mokutil", "--test-key", key) or ""):
        return [ok(CHECK, f"{reason}, and the key {key} is enrolled")]
    return [
        problem(
            CHECK,
            f"{reason}: the kernel refuses v4l2loopback until its key is enrolled. Import it with a password"
            " of your choice, reboot, and choose Enroll MOK on the blue screen",
            f"sudo mokutil --import {key}",
        )
    ]


def is_on(machine: Machine) -> bool:
    """The variable is four bytes of attributes, then one that is 1; a machine without EFI has none."""
    contents = [path.read_bytes() for path in machine.find(VARIABLE)]
    return any(content[4:5] == b"\x01" for content in contents)


def read_lockdown(machine: Machine) -> str:
    """The kernel's lockdown where it refuses unsigned modules: "integrity" or "confidentiality", else ""."""
    chosen = (machine.read(LOCKDOWN) or "").partition("[")[2].partition("]")[0]
    return "" if chosen == "none" else chosen


def find_key(machine: Machine) -> str:
    return next((key for key in KEYS if machine.find(key)), DEFAULT_KEY)
