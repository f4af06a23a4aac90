"""Whether the kernel takes the module (Secure Boot), and whether the camera is there after a reboot."""

from vcam.doctor.case import Case, Finding, has_our_label, ok, problem, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import find_built, is_loaded
from vcam.v4l2loopback.modprobe import OptionsLine, last_labels, read_options
from vcam.v4l2loopback.module import CARD

SECURE_BOOT = "secure boot"
VARIABLE = "/sys/firmware/efi/efivars/SecureBoot-*"
LOCKDOWN = "/sys/kernel/security/lockdown"  # "none [integrity] confidentiality"; often for root alone
# where the distributions keep the key that they sign built modules with: Ubuntu, Fedora, Debian and Arch
KEYS = ("/var/lib/shim-signed/mok/MOK.der", "/etc/pki/akmods/certs/public_key.der", "/var/lib/dkms/mok.pub")
DEFAULT_KEY = "/var/lib/dkms/mok.pub"
ENROLL = "Import it with a password of your choice, reboot, and choose Enroll MOK on the blue screen"


def check_secure_boot(machine: Machine) -> list[Finding]:
    lockdown = read_lockdown(machine)
    reason = "Secure Boot is on" if is_on(machine) else f"kernel lockdown is {lockdown}" if lockdown else ""
    if not reason:
        return [ok(SECURE_BOOT, "off: the kernel takes any module")]
    if is_loaded(machine):
        return [ok(SECURE_BOOT, f"{reason}, and v4l2loopback is loaded: its key is trusted")]
    built = find_built(machine)
    if not built:
        return [
            warning(
                SECURE_BOOT,
                f"{reason}: the key of a module that is built here will have to be enrolled",
            )
        ]
    if all(path.is_relative_to(machine.path(f"/lib/modules/{machine.release}/kernel")) for path in built):
        return [ok(SECURE_BOOT, f"{reason}; v4l2loopback came with the kernel, signed like it")]
    return [_judge_key(machine, reason, find_key(machine))]


def _judge_key(machine: Machine, reason: str, key: str) -> Finding:
    """Whether a key is enrolled, as far as mokutil tells: on Fedora only root may read it."""
    answer, fix = machine.run("mokutil", "--test-key", key) or "", f"sudo mokutil --import {key}"
    if "already enrolled" in answer:
        return ok(SECURE_BOOT, f"{reason}, and the key {key} is enrolled")
    if "is not enrolled" in answer:
        message = f"{reason}: the kernel refuses v4l2loopback until its key is enrolled. {ENROLL}"
        return problem(SECURE_BOOT, message, fix)
    message = f"{reason}, and whether the key {key} is enrolled was not to be learnt"
    return warning(
        SECURE_BOOT,
        f'{message}. If modprobe says "Key was rejected by service", it is not. {ENROLL}',
        fix,
    )


def is_on(machine: Machine) -> bool:
    """The variable is four bytes of attributes, then one that is 1; a machine without EFI has none."""
    contents = [path.read_bytes() for path in machine.find(VARIABLE)]
    return any(content[4:5] == b"\x01" for content in contents)


def read_lockdown(machine: Machine) -> str:
    """The kernel's lockdown where it refuses unsigned modules: "integrity" or "confidentiality", else ""."""
    chosen = (machine.read(LOCKDOWN) or "").partition("[")[2].partition("]")[0]
    return "" if chosen == "none" else chosen


def find_key(machine: Machine) -> str:
    """The key that is seen here, else one whose folder may hide it, else DKMS's."""
    seen = [key for key in KEYS if machine.find(key)]
    hidden = [key for key in KEYS if machine.path(key).parent.exists()]
    return [*seen, *hidden, DEFAULT_KEY][0]


BOOT = "boot"
FIX = "sharpkd install"
LOADS = ("/etc/modules-load.d/*.conf", "/usr/lib/modules-load.d/*.conf", "/etc/modules")


def check_boot(case: Case, machine: Machine) -> list[Finding]:
    """Nothing where the module is not even loaded now, or the camera is one that the user has named."""
    if not is_loaded(machine) or not has_our_label(case, machine):
        return []
    is_listed = any(line == "v4l2loopback" for line in _lines(machine, *LOADS))
    missing = "" if is_listed else "nothing in /etc/modules-load.d loads v4l2loopback"
    unnamed = _explain_labels(read_options(machine.root))
    if not (missing or unnamed):
        return [ok(BOOT, f'"{CARD}" is there again after a reboot')]
    said = ", and ".join(part for part in (missing, unnamed) if part)
    return [warning(BOOT, f"the virtual camera is gone after a reboot: {said}", FIX)]


def _explain_labels(lines: list[OptionsLine]) -> str:
    """Why our label will not be given; empty if it will. modprobe takes the last one, by the files' names."""
    if not any(CARD in line.labels for line in lines):
        return f'nothing in /etc/modprobe.d names "{CARD}"'
    last = last_labels(lines)
    if last is None or CARD in last.labels:
        return ""
    return f"{last.path} has the last word on labels, and names {', '.join(last.labels)}"


def _lines(machine: Machine, *patterns: str) -> list[str]:
    texts = [machine.read(str(path.relative_to(machine.root))) or "" for path in machine.find(*patterns)]
    return [line.strip() for text in texts for line in text.splitlines()]
