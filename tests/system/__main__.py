"""Run the camera on real kernels, in emulated machines, with real readers; print TAP and a sum.

One machine for each v4l2loopback: a Debian kernel, a simulated webcam, our wheel, and readers from
v4l2-ctl to Chromium. Takes about ten minutes; the first time, a few more for the images, which are kept
outside the repository (see tests/system/cache.py). Where that cannot be, it says why and counts as skipped.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # tests/, as pytest has it

from tests.system import kernel, needs, payload, rootfs
from tests.system.cache import cache_folder, key_of, made_once
from tests.system.machine import Disks, boot, has_kvm
from tests.system.tap import Tally, tally

LIMIT_S = 900.0
RECIPES = (kernel, rootfs, payload, needs)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_arguments(argv)
    folder = cache_folder()
    reason = needs.missing()
    if reason is None:
        folder.mkdir(parents=True, exist_ok=True)
        reason = needs.low_disk(folder)
    if reason is not None:
        print(f"1..0 # SKIP {reason}\n0 passed, 0 failed, {len(args.loopback)} machines skipped")
        return 0
    total = Tally()
    with tempfile.TemporaryDirectory(prefix="sharpkd-system-") as name:
        work = Path(name)
        wheel = payload.build_wheel(work / "wheel")
        base, disk = make_images(folder, payload.metadata_of(wheel))
        accelerator = "kvm" if not args.tcg and has_kvm(base / "vmlinux") else "tcg"
        for version in args.loopback:
            say(f"v4l2loopback {version}, accelerator {accelerator}")
            image = payload.make_payload(work, wheel, base / "loopback" / version / "v4l2loopback.ko")
            initrd = rootfs.pack_initrd(disk / "early", payload.GUEST / "init", work / f"{version}.initrd")
            disks = Disks(base / "vmlinux", initrd, disk / "root.img", image)
            args.out.mkdir(parents=True, exist_ok=True)
            lines = boot(disks, args.out, arguments(version, args.only), LIMIT_S, accelerator)
            total.add(tally(show(lines)))
    for complaint in total.complaints:
        print(f"failed: {complaint}")
    print(total)
    return 1 if total.failed else 0


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.system", description=__doc__)
    versions = list(kernel.LOOPBACKS)
    parser.add_argument("--loopback", nargs="+", choices=versions, default=versions, metavar="VERSION")
    parser.add_argument("--only", default="", metavar="GROUP,...", help="of the guest's checks; default: all")
    parser.add_argument("--out", type=Path, default=Path("build/system"), help="for pictures and logs")
    parser.add_argument("--tcg", action="store_true", help="emulate the processor, whatever this one can do")
    return parser.parse_args(argv)


def make_images(folder: Path, metadata: str) -> tuple[Path, Path]:
    """The kernel's folder and the disk's, from the cache or made now."""
    requirements = rootfs.requirements_of(metadata)
    kernel_key = key_of([Path(kernel.__file__).read_text()])
    disk_key = key_of([kernel_key, Path(rootfs.__file__).read_text(), *requirements])
    say("images")
    base = made_once(folder / f"kernel-{kernel_key}", kernel.make_kernel)
    disk = made_once(folder / f"disk-{disk_key}", lambda place: rootfs.make_root(place, base, requirements))
    return base, disk


def arguments(version: str, only: str) -> str:
    return f"sharpkd.loopback={version}" + (f" sharpkd.only={only}" if only else "")


def show(lines: Iterator[str]) -> list[str]:
    """Print what the machine says while it says it, and return it."""
    seen = []
    for line in lines:
        print(line, flush=True)
        seen.append(line)
    return seen


def say(what: str) -> None:
    print(f"# {time.strftime('%H:%M:%S')} {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
