"""Run the camera on real kernels, in emulated machines, with real readers; print TAP and a sum.

One machine for each v4l2loopback: a Debian kernel, a simulated webcam, our wheel, and readers from
v4l2-ctl to Chromium; they run at once, for about ten minutes. The first time it takes a few more for the
images, which are kept outside the repository (see tests/system/cache.py). Where there can be no machine, it
says why, and counts it as skipped.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # tests/, as pytest has it

from tests.system import kernel, needs, payload, rootfs
from tests.system.cache import cache_folder, key_of, made_once
from tests.system.machine import Disks, Machine, boot, empty_outbox, has_kvm, make_outbox
from tests.system.tap import Tally, tally

LIMIT_S = 1500.0  # on a machine that has other work; else half of it


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
        machines = prepare(folder, Path(name), args)
        with ThreadPoolExecutor(len(machines)) as pool:
            print("TAP version 14", flush=True)
            for number, (version, lines) in enumerate(pool.map(run, machines.items()), 1):
                total.add(report(number, version, lines))
    print(f"1..{len(machines)}")
    for complaint in total.complaints:
        print(f"# failed: {complaint}")
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


def prepare(folder: Path, work: Path, args: argparse.Namespace) -> dict[str, Machine]:
    """Everything that the machines start from, by the version of v4l2loopback that each has."""
    wheel = payload.build_wheel(work / "wheel")
    base, disk = make_images(folder, payload.metadata_of(wheel))
    accelerator = "kvm" if not args.tcg and has_kvm(base / "vmlinux") else "tcg"
    args.out.mkdir(parents=True, exist_ok=True)
    initrd = rootfs.pack_initrd(disk / "early", payload.GUEST / "init", work / "initrd.gz")
    say(f"starting {', '.join(args.loopback)} on {accelerator}; follow them in {args.out}")
    machines = {}
    for version in args.loopback:
        image = payload.make_payload(work / version, wheel, base / "loopback" / version / "v4l2loopback.ko")
        disks = Disks(base / "vmlinux", initrd, disk / "root.img", image)
        words = f"sharpkd.loopback={version}" + (f" sharpkd.only={args.only}" if args.only else "")
        outbox = make_outbox(work / version / "outbox")
        machines[version] = Machine(disks, outbox, words, args.out / f"{version}.tap", accelerator)
    return machines


def make_images(folder: Path, metadata: str) -> tuple[Path, Path]:
    """The kernel's folder and the disk's, from the cache or made now."""
    requirements = rootfs.requirements_of(metadata)
    kernel_key = key_of([Path(kernel.__file__).read_text()])
    disk_key = key_of([kernel_key, Path(rootfs.__file__).read_text(), *requirements])
    say(f"images in {folder}: some minutes, the first time")
    base = made_once(folder / f"kernel-{kernel_key}", kernel.make_kernel)
    disk = made_once(folder / f"disk-{disk_key}", lambda place: rootfs.make_root(place, base, requirements))
    return base, disk


def run(named: tuple[str, Machine]) -> tuple[str, list[str]]:
    """A machine's name, and what it says to its end; that can be read in its log meanwhile."""
    version, machine = named
    lines = []
    with machine.log.open("w") as log:
        for line in boot(machine, LIMIT_S):
            print(line, file=log, flush=True)
            lines.append(line)
    empty_outbox(machine.outbox, machine.log.parent)
    return version, lines


def report(number: int, version: str, lines: Sequence[str]) -> Tally:
    """Print a machine's results as one test with its own below it."""
    found = tally(lines)
    print(f"# Subtest: v4l2loopback {version}")
    print("".join(f"    {line}\n" for line in lines), end="")
    print(f"{'not ok' if found.failed else 'ok'} {number} - v4l2loopback {version}", flush=True)
    found.complaints = [f"{version}: {complaint}" for complaint in found.complaints]
    return found


def say(what: str) -> None:
    print(f"# {time.strftime('%H:%M:%S')} {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
