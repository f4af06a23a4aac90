"""What the virtual camera needs of root: v4l2loopback at boot, with our options. It is printed, never run."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import find_virtual_camera, other_cameras, wanted_cameras
from vcam.v4l2loopback.modprobe import OptionsLine, last_labels, read_options
from vcam.v4l2loopback.module import CARD, MODULE, OPTIONS, UNLOAD, module_options

ETC = Path("/etc")
OPTIONS_FILE = "modprobe.d/sharpkd.conf"
SETTINGS = {
    OPTIONS_FILE: f"options {MODULE} {OPTIONS}\n",
    "modules-load.d/sharpkd.conf": f"{MODULE}\n",
}
DEVICES = frozenset(("devices", "video_nr", "card_label"))  # the options that say which cameras there are


def missing(etc: Path = ETC) -> dict[Path, str]:
    """The files below /etc that are not there, or say something else, with what they are to say.

    Options that somebody has written for several cameras, ours among them, are not to be replaced.
    """
    names = [name for name in SETTINGS if name != OPTIONS_FILE or not _is_settled(etc)]
    wanted = {etc / name: SETTINGS[name] for name in names}
    return {path: text for path, text in wanted.items() if _read(path) != text.split()}


def install_block(etc: Path = ETC, roots: VideoRoots = SYSTEM) -> str:
    """Lines for a shell that write what is missing and load the module; empty if nothing remains."""
    lines = _write(missing(etc))
    if find_virtual_camera(CARD, roots) is None:
        if (roots.sys / "module" / MODULE).exists():
            lines.append(UNLOAD)  # it reads its options when it is loaded
        options = f" {module_options(wanted_cameras(roots))}"
        lines.append(f"sudo modprobe {MODULE}{options if other_cameras(roots) or rivals(etc) else ''}")
    return "\n".join(lines)


def rivals(etc: Path = ETC) -> list[OptionsLine]:
    """Others' lines that say which cameras there are, unless they are settled with ours among them."""
    if _is_settled(etc):
        return []
    return [line for line in _lines(etc) if line.path != etc / OPTIONS_FILE and DEVICES & line.options.keys()]


def uninstall_block(etc: Path = ETC, roots: VideoRoots = SYSTEM) -> str:
    """Lines for a shell that remove the files, and unload the module if it has no other camera.

    Empty if neither file is there.
    """
    found = [str(etc / name) for name in SETTINGS if (etc / name).exists()]
    unload = "" if other_cameras(roots) else f"\n{UNLOAD}"
    return f"sudo rm {shlex.join(found)}{unload}" if found else ""


def _is_settled(etc: Path) -> bool:
    """Whether the labels that count are somebody's own, and ours is among them."""
    last = last_labels(_lines(etc))
    if last is None or CARD not in last.labels:
        return False
    return last.path != etc / OPTIONS_FILE or len(last.labels) > 1


def _lines(etc: Path) -> list[OptionsLine]:
    return read_options(etc.parent)


def _write(files: Mapping[Path, str]) -> list[str]:
    """Each file as a here-document: no quote in it means anything to the shell."""
    folders = sorted({str(path.parent) for path in files if not path.parent.exists()})
    lines = [f"sudo mkdir -p {shlex.join(folders)}"] if folders else []
    for path, text in files.items():
        lines += [f"sudo tee {shlex.quote(str(path))} >/dev/null <<'EOF'", text.rstrip("\n"), "EOF"]
    return lines


def _read(path: Path) -> list[str]:
    """The words of a file, comments left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [word for line in lines if not line.startswith("#") for word in line.split()]
