"""Whether the virtual camera is there again after a reboot."""

import re

from vcam.doctor.finding import Finding, ok, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import is_loaded
from vcam.sinks.nodes import CARD

CHECK = "boot"
FIX = "sharpkd install"
LOADS = ("/etc/modules-load.d/*.conf", "/usr/lib/modules-load.d/*.conf", "/etc/modules")
OPTIONS = ("/etc/modprobe.d/*.conf", "/usr/lib/modprobe.d/*.conf")


def check_boot(machine: Machine) -> list[Finding]:
    """Nothing where the module is not even loaded now."""
    if not is_loaded(machine):
        return []
    is_listed = any(line == "v4l2loopback" for line in _lines(machine, *LOADS))
    has_options = any(
        re.match(r"options\s+v4l2loopback\s", line) and CARD in line for line in _lines(machine, *OPTIONS)
    )
    if is_listed and has_options:
        return [ok(CHECK, f'"{CARD}" is there again after a reboot')]
    missing = "" if is_listed else "nothing in /etc/modules-load.d loads v4l2loopback"
    unnamed = "" if has_options else f'nothing in /etc/modprobe.d names "{CARD}"'
    said = ", and ".join(part for part in (missing, unnamed) if part)
    return [warning(CHECK, f"the virtual camera is gone after a reboot: {said}", FIX)]


def _lines(machine: Machine, *patterns: str) -> list[str]:
    texts = [machine.read(str(path.relative_to(machine.root))) or "" for path in machine.find(*patterns)]
    return [line.strip() for text in texts for line in text.splitlines()]
