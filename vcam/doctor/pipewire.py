"""Whether PipeWire can be published to, where the sink is its camera."""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from vcam.doctor.finding import Finding, ok, problem
from vcam.doctor.output import SET_SINK
from vcam.errors import SinkError
from vcam.pipewire.library import INSTALL, load_library

CHECK = "pipewire"
START = "systemctl --user start pipewire wireplumber"


def check_pipewire(
    load: Callable[[], object] = load_library, env: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Whether the library is there and new enough, and a daemon takes connections."""
    try:
        load()
    except SinkError as error:
        return [problem(CHECK, str(error), INSTALL if INSTALL in str(error) else SET_SINK)]
    sockets = find_sockets(env)
    reached = next((path for path in sockets if can_connect(path)), None)
    if reached:
        return [ok(CHECK, f"PipeWire answers at {reached}")]
    return [
        problem(CHECK, f"PipeWire does not run: nothing answers at {' or '.join(map(str, sockets))}", START)
    ]


def find_sockets(env: Mapping[str, str]) -> list[Path]:
    """Where PipeWire's library looks for the daemon."""
    runtime = env.get("PIPEWIRE_RUNTIME_DIR") or env.get("XDG_RUNTIME_DIR")
    name = env.get("PIPEWIRE_REMOTE") or "pipewire-0"  # a path of its own may stand there
    return [Path(folder) / name for folder in (runtime, "/run/pipewire") if folder]


def can_connect(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True
