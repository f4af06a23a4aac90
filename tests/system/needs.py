"""What the host must have. Nothing is installed here: what is missing is said."""

import os
import platform
import shutil

TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs"}
LEAST_DISK_GB = 8


def missing() -> str | None:
    """Why no virtual machine can be built and started here, with what fixes it; None if one can."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"needs Linux on x86_64, found {platform.system()} on {platform.machine()}"
    if os.geteuid() != 0:
        return "needs root, to make root file systems with device nodes. Run: sudo make test-system"
    packages = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if packages:
        return (
            f"needs {', '.join(packages)}. Run: sudo apt install --no-install-recommends {' '.join(packages)}"
        )
    return None


def low_disk(folder: os.PathLike[str] | str) -> str | None:
    """Why the images will not fit below this folder; None if they will."""
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb >= LEAST_DISK_GB:
        return None
    return f"needs {LEAST_DISK_GB} GB in {folder}, found {free_gb:.1f}: free some, or name another folder"
