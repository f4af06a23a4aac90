"""A Debian kernel with its modules, and v4l2loopback built for it, all below one folder.

Nothing is installed on the host: headers, compiler and packages live in a root file system of their own.
"""

import lzma
import re
import subprocess
from pathlib import Path

from tests.system.debian import bootstrap, enter

SUITE = "bookworm"
LOOPBACKS = {"0.12.7": "bookworm", "0.15.0": "trixie"}  # Debian 12's and 13's
BUILDER_PACKAGES = ("linux-headers-amd64", "gcc", "make", "kmod", "busybox-static")
ELF, XZ = b"\x7fELF", b"\xfd7zXZ\0"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def make_kernel(folder: Path) -> None:
    """Fill a folder: vmlinux, busybox, modules/ (the kernel's) and loopback/VERSION/v4l2loopback.ko."""
    root = folder / "builder"
    bootstrap(SUITE, BUILDER_PACKAGES, root)
    version = max(path.name for path in (root / "lib/modules").iterdir())
    _download(root, SUITE, f"linux-image-{version}")
    image = _unpack(root, "linux-image-*")
    (folder / "vmlinux").write_bytes(extract_elf((image / f"boot/vmlinuz-{version}").read_bytes()))
    (image / "lib/modules").rename(folder / "modules")
    (root / "bin/busybox").rename(folder / "busybox")
    for name, suite in LOOPBACKS.items():
        built = _build_loopback(root, version, name, suite)
        target = folder / "loopback" / name
        target.mkdir(parents=True)
        built.rename(target / built.name)
    subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)


def kernel_version(folder: Path) -> str:
    return next((folder / "modules").iterdir()).name


def extract_elf(image: bytes) -> bytes:
    """The uncompressed kernel in a bzImage: to unpack it in an emulated machine takes seconds.

    Raises ValueError if there is none that is packed with xz.
    """
    for start in re.finditer(re.escape(XZ), image):
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        try:
            kernel = unpacker.decompress(image[start.start() :])
        except lzma.LZMAError:
            continue
        if kernel.startswith(ELF):
            return kernel
    raise ValueError("no kernel packed with xz in this image; expected a Debian vmlinuz")


def _build_loopback(root: Path, version: str, name: str, suite: str) -> Path:
    _download(root, suite, "v4l2loopback-dkms")
    source = _unpack(root, "v4l2loopback-dkms_*") / f"usr/src/v4l2loopback-{name}"
    if not source.exists():
        found = ", ".join(path.name for path in source.parent.iterdir())
        raise FileNotFoundError(f"{suite} has {found}, expected v4l2loopback {name}: see LOOPBACKS")
    inside = source.relative_to(root)
    enter(root, "make", "-s", "-C", f"/usr/src/linux-headers-{version}", f"M=/{inside}", "modules")
    enter(root, "strip", "--strip-debug", f"/{inside}/v4l2loopback.ko")
    return source / "v4l2loopback.ko"


def _download(root: Path, suite: str, package: str) -> None:
    """Fetch one package of a suite into the root's /debs; the root's own sources stay as they are."""
    (root / "debs").mkdir(exist_ok=True)
    for old in (root / "debs").iterdir():
        old.unlink()
    options: list[str] = ["-o", "APT::Sandbox::User=root"]
    if suite != SUITE:
        (root / "other.list").write_text(_sources(root, suite))
        (root / "other-lists/partial").mkdir(parents=True, exist_ok=True)
        options += ["-o", "Dir::Etc::SourceList=/other.list", "-o", "Dir::Etc::SourceParts=-"]
        options += ["-o", "Dir::State::Lists=/other-lists"]
    enter(root, "apt-get", "-qq", *options, "update")
    enter(root, "sh", "-c", 'cd /debs && apt-get -qq download "$@"', "sh", *options, package)


def _sources(root: Path, suite: str) -> str:
    """A line of sources for another suite of the archive that the root came from."""
    mirror = (root / "etc/apt/sources.list").read_text().split()[1]
    return f"deb [signed-by={KEYS}] {mirror} {suite} main\n"


def _unpack(root: Path, pattern: str) -> Path:
    package = next((root / "debs").glob(f"{pattern}.deb"))
    target = root / "unpacked" / package.stem
    target.mkdir(parents=True)
    enter(root, "dpkg-deb", "-x", f"/debs/{package.name}", f"/{target.relative_to(root)}")
    return target
