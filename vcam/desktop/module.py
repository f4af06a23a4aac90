"""What the virtual camera needs of root: v4l2loopback at boot, with our options. It is printed, never run."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from vcam.sinks.nodes import CARD, MODULE, OPTIONS, SYSTEM, VideoRoots, find_virtual_camera

ETC = Path("/etc")
UNLOAD = f"sudo modprobe -r {MODULE}"
SETTINGS = {
    "modprobe.d/sharpkd.conf": f"options {MODULE} {OPTIONS}\n",
    "modules-load.d/sharpkd.conf": f"{MODULE}\n",
}


def missing(etc: Path = ETC) -> dict[Path, str]:
    """The files below /etc that are not there, or say something else, with what they are to say."""
    wanted = {etc / name: text for name, text in SETTINGS.items()}
    return {path: text for path, text in wanted.items() if _read(path) != text.split()}


def install_block(etc: Path = ETC, roots: VideoRoots = SYSTEM) -> str:
    """Lines for a shell that write what is missing and load the module; empty if nothing remains."""
    lines = _write(missing(etc))
    if find_virtual_camera(CARD, roots) is None:
        if (roots.sys / "module" / MODULE).exists():
            lines.append(UNLOAD)  # it reads its options when it is loaded
        lines.append(f"sudo modprobe {MODULE}")
    return "\n".join(lines)


def uninstall_block(etc: Path = ETC) -> str:
    """Lines for a shell that remove the files and unload the module; empty if neither file is there."""
    found = [str(etc / name) for name in SETTINGS if (etc / name).exists()]
    return f"sudo rm {shlex.join(found)}\n{UNLOAD}" if found else ""


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
