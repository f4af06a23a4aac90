"""What is new each time: our wheel as users get it, the checks, stand-in models, the v4l2loopback."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from stand_in import write_weights

from tests.system.rootfs import install_python, make_image

REPOSITORY = Path(__file__).resolve().parents[2]
GUEST = Path(__file__).resolve().parent / "guest"
SHEBANG = "#!/usr/bin/python3"
# residuals of the stand-in models, plus 128: a float convolution would take seconds a frame when emulated
WEIGHTS = {"brighter": 144, "unchanged": 128, "darker": 120}


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the tree as it is."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder)]
    subprocess.run([*command, str(REPOSITORY)], check=True)
    return next(folder.glob("*.whl"))


def metadata_of(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


def make_payload(folder: Path, wheel: Path, loopback: Path) -> Path:
    """An image to attach as the second disk."""
    tree = folder / "payload"
    install_python([str(wheel)], tree / "site", "--no-deps")
    (tree / "site/bin/sharpkd").write_text(_with_shebang((tree / "site/bin/sharpkd").read_text()))
    shutil.copytree(GUEST, tree / "guest", ignore=shutil.ignore_patterns("__pycache__"))
    for name, residual in WEIGHTS.items():
        write_weights(tree / "weights" / name, ["stand-in"], residual)
    shutil.copy(loopback, tree)
    image = folder / "payload.img"
    make_image(tree, image, 64)
    shutil.rmtree(tree)
    return image


def _with_shebang(script: str) -> str:
    """The console script, to be run by the guest's Python."""
    return SHEBANG + "\n" + script.partition("\n")[2]
