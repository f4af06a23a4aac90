"""Description of the machine and the code that results were measured with."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import av
import cv2
import imageio_ffmpeg
import numpy as np
import onnxruntime

GIT_S = 30.0  # it looks at every file of the checkout


def describe_machine(threads: int) -> dict[str, Any]:
    """CPU, cores, ONNX Runtime's threads, system, commit of the code, and versions of the libraries."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": threads,
        "system": platform.platform(),
        "commit": current_commit(),
        "versions": {
            "python": platform.python_version(),
            "onnxruntime": onnxruntime.__version__,
            "opencv": cv2.__version__,
            "numpy": np.__version__,
            "av": av.__version__,
            "torch": _version_of("torch"),
            "ffmpeg": imageio_ffmpeg.get_ffmpeg_version(),
        },
    }


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name from /proc/cpuinfo, or from the platform module."""
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def current_commit() -> str:
    """The commit of the running code, marked -dirty if it has changes; empty outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=GIT_S
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
