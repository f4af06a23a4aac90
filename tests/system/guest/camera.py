"""The product as its user has it: the command `sharpkd`, its settings and what it says."""

from pathlib import Path
from typing import Any

from guest import webcam
from guest.host import holders, succeed, until
from guest.pixels import SIZE

from vcam.control.client import ControlClient
from vcam.errors import VcamError
from vcam.paths import user_paths

CARD = "SharpKD Camera"
BRIGHTER, UNCHANGED, DARKER = 16, 0, -8  # what the stand-in models add
WEIGHTS = Path("/tmp/weights")
CONFIG = Path("/root/.config/sharpkd/config.toml")
FPS = 10
LOG = Path("/root/.local/state/sharpkd/daemon.log")


def configure(**more: str) -> None:
    """Write the settings that all checks share, and others."""
    size = f'"{SIZE[0]}x{SIZE[1]}"'
    values = {"source": '"vivid"', "size": size, "fps": FPS, "weights": f'"{WEIGHTS}"', **more}
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CONFIG.write_text("".join(f"{key} = {value}\n" for key, value in values.items()))


def use_model(name: str) -> None:
    """Put a stand-in model where the settings say, as a user who copies weights."""
    WEIGHTS.mkdir(exist_ok=True)
    for file in sorted(
        Path("/payload/weights", name).iterdir(), reverse=True
    ):  # the model, then its manifest
        (WEIGHTS / file.name).write_bytes(file.read_bytes())


def start() -> None:
    succeed("sharpkd", "start", limit_s=180)


def stop() -> None:
    succeed("sharpkd", "stop", limit_s=60)


def status() -> dict[str, Any]:
    """What `sharpkd status` reads, without its second of starting Python; empty if nothing runs."""
    try:
        return ControlClient(user_paths().socket).status()
    except VcamError:
        return {}


def take_source(name: str) -> None:
    """What `sharpkd set source NAME` asks for, without starting Python either."""
    ControlClient(user_paths().socket).command(set={"source": name})


def state() -> str:
    return str(status().get("state", "not running"))


def until_state(word: str, limit_s: float = 90.0) -> None:
    until(f"the state {word!r}", lambda: word in state(), limit_s, 0.5)


def node() -> Path | None:
    """The virtual camera, by the name of its card."""
    for entry in sorted(Path("/sys/class/video4linux").glob("video*")):
        if (entry / "name").read_text().strip() == CARD:
            return Path("/dev") / entry.name
    return None


def the_node() -> Path:
    found = node()
    assert found is not None, f"no card called {CARD}"
    return found


def has_webcam_open() -> bool:
    """Whether anybody holds the real webcam: its light would be on."""
    found = webcam.node()
    return found is not None and bool(holders(found))


def load_module() -> None:
    """Load v4l2loopback as the files in /etc say, those that `sharpkd install` prints."""
    succeed("modprobe", "v4l2loopback")
    until("the virtual camera's node", lambda: node())


def unload_module() -> None:
    succeed("modprobe", "-r", "v4l2loopback")
