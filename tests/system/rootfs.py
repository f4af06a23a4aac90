"""The guest's disk: a minimal Debian with readers, a browser, our dependencies and the kernel's modules."""

import email
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.system.debian import bootstrap, enter, run
from tests.system.kernel import SUITE, kernel_version

PACKAGES = (
    *("python3", "kmod", "procps", "psmisc", "iproute2", "util-linux-extra"),
    *("v4l-utils", "ffmpeg", "chromium-headless-shell"),
)
GUEST_PYTHON = "3.11"  # the suite's
SITE = "opt/site"
# a build without CUDA; the code is the same
INSTEAD = {"onnxruntime-gpu": "onnxruntime"}
# what the machine needs before it can read its disk
EARLY = ("virtio_pci", "virtio_blk", "virtio_rng", "crc32c_generic", "ext4")
# kernel/..., below /lib/modules/VERSION: cameras, their buses and all that they lean on
MODULES = (
    *(
        "drivers/media",
        "drivers/usb",
        "drivers/virtio",
        "drivers/block/virtio_blk.ko",
        "drivers/char/hw_random",
    ),
    *("drivers/video", "drivers/gpu/drm/drm.ko", "drivers/i2c", "sound", "drivers/input"),
    *("fs", "lib", "crypto", "arch/x86/crypto"),
)
POLICY = '{"VideoCaptureAllowedUrls": ["http://127.0.0.1:8000"]}\n'


def make_root(folder: Path, kernel: Path, requirements: Sequence[str]) -> None:
    """Fill a folder: root.img (ext4), and early/ with what has to be loaded before it can be read."""
    root = folder / "root"
    bootstrap(SUITE, PACKAGES, root)
    install_python(requirements, root / SITE)
    enter(
        root, "python3", "-m", "compileall", "-q", f"/{SITE}"
    )  # to do so in the machine takes half a minute
    policies = root / "etc/chromium/policies/managed"
    policies.mkdir(parents=True)
    (policies / "cameras.json").write_text(POLICY)
    version = kernel_version(kernel)
    _copy_modules(kernel / "modules" / version, root / "usr/lib/modules" / version)
    enter(root, "depmod", version)
    _copy_early(folder / "early", root, kernel, version)
    make_image(root, folder / "root.img", 3000)
    subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)


def pack_initrd(early: Path, init: Path, target: Path) -> Path:
    """Pack the first root with its first program, as the kernel unpacks it."""
    tree = target.with_suffix(".tree")
    shutil.copytree(early, tree, symlinks=True)
    shutil.copy(init, tree / "init")
    archive = f"find . | ./bin/busybox cpio -o -H newc 2>/dev/null | gzip -1 > {target}"
    subprocess.run(["sh", "-c", archive], cwd=tree, check=True)
    shutil.rmtree(tree)
    return target


def requirements_of(metadata: str) -> list[str]:
    """What a wheel wants on this system, in the guest's builds; extras left out."""
    wanted = email.message_from_string(metadata).get_all("Requires-Dist") or []
    return sorted(
        re.sub(r"^[\w.-]+", lambda name: INSTEAD.get(name[0], name[0]), line.partition(";")[0].strip())
        for line in wanted
        if "extra ==" not in line
        and ("sys_platform" not in line or re.search(r'sys_platform == "linux"', line))
    )


def install_python(requirements: Sequence[str], target: Path, *options: str) -> None:
    """Install wheels for the guest's Python, whatever Python runs here."""
    python = ["--python-version", GUEST_PYTHON, "--implementation", "cp", "--only-binary=:all:"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, *python, "--target", str(target), *options, *requirements)


def make_image(folder: Path, image: Path, megabytes: int) -> None:
    """An ext4 image of a folder's files."""
    with image.open("wb") as file:
        file.truncate(megabytes * 2**20)
    options = ("-O", "^has_journal", "-m", "0", "-E", "lazy_itable_init=1")
    run("mke2fs", "-q", "-t", "ext4", *options, "-d", str(folder), str(image))


def _copy_modules(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(source / name, target / name)
    for name in MODULES:
        found, place = source / "kernel" / name, target / "kernel" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, place)
        else:
            shutil.copy(found, place)


def _copy_early(early: Path, root: Path, kernel: Path, version: str) -> None:
    """The tree of the first root: busybox, and the modules for the disk in their order."""
    for name in ("bin", "modules", "proc", "sys", "dev", "new"):
        (early / name).mkdir(parents=True)
    shutil.copy(kernel / "busybox", early / "bin/busybox")
    (early / "bin/sh").symlink_to("busybox")
    for number, module in enumerate(_in_loading_order(root, version)):
        shutil.copy(root / module.lstrip("/"), early / "modules" / f"{number:03}-{Path(module).name}")


def _in_loading_order(root: Path, version: str) -> list[str]:
    """The files to insert, each after those that it needs."""
    order: dict[str, None] = {}
    for module in EARLY:
        shown = ["chroot", str(root), "modprobe", "-S", version, "--show-depends", module]
        for line in subprocess.run(shown, capture_output=True, text=True, check=True).stdout.splitlines():
            action, _, path = line.partition(" ")
            if action == "insmod":
                order[path.strip()] = None
    return list(order)
