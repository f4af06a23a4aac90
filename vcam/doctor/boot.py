"""Whether the virtual camera is there again after a reboot."""

from vcam.doctor.case import Case
from vcam.doctor.finding import Finding, ok, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import is_loaded
from vcam.doctor.output import has_our_label
from vcam.v4l2loopback.modprobe import OptionsLine, last_labels, read_options
from vcam.v4l2loopback.module import CARD

CHECK = "boot"
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
        return [ok(CHECK, f'"{CARD}" is there again after a reboot')]
    said = ", and ".join(part for part in (missing, unnamed) if part)
    return [warning(CHECK, f"the virtual camera is gone after a reboot: {said}", FIX)]


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
