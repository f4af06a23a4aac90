"""A machine that exists only while it is tested: qemu, with no need of hardware, modules or network."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MEMORY_MB = 3072
OUTBOX_MB = 64
ANSWER_S = 10.0  # for a kernel to say its first word, where the processor helps
ARGUMENTS = "console=ttyS0 quiet loglevel=3 mitigations=off audit=0 nowatchdog panic=-1 random.trust_cpu=on"


@dataclass(frozen=True)
class Disks:
    """What a machine starts from; the images are not changed."""

    kernel: Path
    initrd: Path
    root: Path
    payload: Path


@dataclass(frozen=True)
class Machine:
    """One machine to be.

    outbox       a disk that the guest writes an archive to, at its end
    words        more of them for the kernel's command line, where the guest finds them
    log          what it says
    accelerator  "kvm" or "tcg"
    """

    disks: Disks
    outbox: Path
    words: str
    log: Path
    accelerator: str


def make_outbox(path: Path) -> Path:
    """An empty disk for what a guest leaves."""
    with path.open("wb") as file:
        file.truncate(OUTBOX_MB * 2**20)
    return path


def empty_outbox(path: Path, folder: Path) -> None:
    """Unpack what a guest has left; nothing, if it died before."""
    with suppress(tarfile.ReadError), tarfile.open(path, "r:") as archive:
        archive.extractall(folder, filter="data")


def has_kvm(kernel: Path) -> bool:
    """Whether the processor helps: some hosts offer /dev/kvm and run nothing on it."""
    if not Path("/dev/kvm").exists():
        return False
    trial = [*_qemu("kvm"), "-m", "512", "-kernel", str(kernel), "-append", "console=ttyS0 panic=-1"]
    process = subprocess.Popen(
        trial, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        output, _ = process.communicate(timeout=ANSWER_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return b"Linux version" in output


def boot(machine: Machine, limit_s: float) -> Iterator[str]:
    """Start a machine and yield the lines of its console until it ends, or is ended after the limit."""
    disks = machine.disks
    command = [
        *("timeout", "--kill-after=5", f"{limit_s:.0f}", *_qemu(machine.accelerator)),
        *("-smp", "2", "-m", str(MEMORY_MB), "-kernel", str(disks.kernel), "-initrd", str(disks.initrd)),
        *("-append", f"{ARGUMENTS} {machine.words}"),
        *("-drive", f"if=virtio,format=raw,file={disks.root},snapshot=on"),
        *("-drive", f"if=virtio,format=raw,file={disks.payload},snapshot=on"),
        *("-drive", f"if=virtio,format=raw,file={machine.outbox}"),
        *("-device", "virtio-rng-pci", "-rtc", "base=utc"),
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            yield line.rstrip("\r\n")
    finally:
        process.kill()
        process.wait()


def _qemu(accelerator: str) -> list[str]:
    # without arch-capabilities: a host that is itself a guest may refuse it
    how = ["-accel", "kvm", "-cpu", "host,-arch-capabilities"]
    if accelerator != "kvm":
        how = ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem"]
    fixed = ["-nodefaults", "-no-user-config", "-machine", "q35", "-display", "none", "-serial", "stdio"]
    return ["qemu-system-x86_64", *fixed, "-no-reboot", *how]
