"""The daemon as a service of systemd's user manager.

Sources: systemd.service(5), systemd.exec(5), systemd.syntax(7).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from vcam.desktop.files import sign
from vcam.errors import AlreadyRunningError, ConfigError

PLAIN = re.compile(r"[\w@+=:,./-]+")

# default.target, not graphical-session.target: the camera needs no display, has to be there before the
# programs that a session starts, and not every desktop reaches the latter.
UNIT = """\
[Unit]
Description=SharpKD Camera, a virtual camera that restores the picture
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
ExecReload=kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
# a wrong setting, and a camera that was started by hand: another try would find the same
RestartPreventExitStatus={hopeless}
# TensorRT builds its engine at the first start
TimeoutStartSec=120
TimeoutStopSec=20
# fed while frames go out
WatchdogSec=30
# what somebody's camera saw has no place in a core dump
LimitCORE=0
UMask=0077
{limits}
[Install]
WantedBy=default.target
"""

# What a user's manager can set without a namespace of its own, which some systems forbid. All of it forbids
# programs that gain rights, too.
LIMITS = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
"""
NO_LIMITS = "# NoNewPrivileges= is left out: CUDA makes its nodes with nvidia-modprobe, which is setuid\n"


def unit_text(python: str, config: Path, has_nvidia: bool) -> str:
    """The signed unit file.

    python      the interpreter that has the program
    has_nvidia  nvidia-modprobe is installed; no limit may keep CUDA from it
    """
    # -P: no module of ours is looked for in the home, where services begin;
    # faulthandler: the watchdog's SIGABRT leaves the stack of each thread in the journal
    command = [python, "-P", "-X", "faulthandler", "-m", "vcam.daemon", "--config", str(config)]
    hopeless = f"{ConfigError.exit_code} {AlreadyRunningError.exit_code}"
    limits = NO_LIMITS if has_nvidia else LIMITS
    return sign(UNIT.format(command=quote(command), hopeless=hopeless, limits=limits))


def quote(command: Sequence[str]) -> str:
    """A command as systemd reads it: quotes and specifiers escaped, variables in all but the program."""
    program, *words = command
    return " ".join([_quote(program), *(_quote(word).replace("$", "$$") for word in words)])


def _quote(word: str) -> str:
    if PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
