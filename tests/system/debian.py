"""Debian root file systems in folders: made with mmdebstrap, entered with chroot."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

# no manuals, no translations: a third of the files
LEAN = (
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=force-unsafe-io",
)


def bootstrap(suite: str, packages: Sequence[str], root: Path) -> None:
    """Install a minimal Debian with these packages into a folder that does not exist yet."""
    include = f"--include={','.join(packages)}"
    run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", *LEAN, include, suite, str(root))


def enter(root: Path, *command: str) -> None:
    """Run a command inside, as root there."""
    run("chroot", str(root), *command)


def run(*command: str) -> None:
    """Run a command; its output is shown only if it fails. Raises RuntimeError."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{output}")
