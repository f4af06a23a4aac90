"""Does the camera hold 30 fps at 1080p for a minute, and what does it cost when it is paused?

Ceiling: 30 frames leave 33 ms each; decoding the clip and the link take about 5 ms of one core, restoration
what `bench.restore` prints on all of them. A picture cannot be younger than the sum. Paused, ten cards a
second are sent: nothing but a copy of 3 MB each.

    python -m bench.live [--seconds 60]

Runs the installed program as a user would: `sharpkd run --json`, then `sharpkd start`, `pause` and the
processor time of the daemon. Memory is what the run holds when a quarter of it is over, and at its end:
buffers have found their sizes by then, and what still grows is a leak.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SHARPKD = (sys.executable, "-m", "vcam.cli")
RUN = ("run", "--source", "sample", "--link", "360p", "--size", "1920x1080", "--sink", "null", "--json")
SETTLE_S, PAUSED_S = 3.0, 10.0


def folders_in(home: Path) -> dict[str, str]:
    """The environment of a program that keeps its files below `home`."""
    folders = {
        f"XDG_{name}": str(home / name.lower()) for name in ("RUNTIME_DIR", "CONFIG_HOME", "STATE_HOME")
    }
    for folder in folders.values():
        Path(folder).mkdir(mode=0o700, exist_ok=True)
    return os.environ | folders


def sharpkd(*words: str, home: Path) -> str:
    """Run a command of the program; returns its standard output. Raises if it fails."""
    command = [*SHARPKD, *words]
    return subprocess.run(command, env=folders_in(home), check=True, stdout=subprocess.PIPE, text=True).stdout


def run_live(seconds: float, home: Path) -> tuple[dict[str, Any], float]:
    """Run the camera; returns the numbers it ends with, and its memory in MB after a quarter of the time."""
    command = [*SHARPKD, *RUN, "--seconds", str(seconds)]
    with subprocess.Popen(command, env=folders_in(home), stdout=subprocess.PIPE, text=True) as process:
        time.sleep(seconds / 4)
        memory_mb = rss_mb(process.pid)
        lines = process.communicate()[0].splitlines()
    return json.loads(lines[-1]), memory_mb


def rss_mb(pid: int) -> float:
    """Memory of a process in MB (2**20 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def paused_share(home: Path) -> float:
    """What share of a core a paused 1080p daemon uses."""
    config = home / "config_home" / "sharpkd" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('source = "sample"\nsink = "null"\nsize = "1920x1080"\n')
    sharpkd("start", home=home)
    try:
        sharpkd("pause", home=home)
        pid = json.loads(sharpkd("status", "--json", home=home))["pid"]
        time.sleep(SETTLE_S)
        before = cpu_seconds(pid)
        time.sleep(PAUSED_S)
        return (cpu_seconds(pid) - before) / PAUSED_S
    finally:
        sharpkd("stop", home=home)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run, settled_mb = run_live(arguments.seconds, Path(folder))
        paused = paused_share(Path(folder))
    age, memory = run["age_ms"], run["rss_mb"]
    print("| figure | found |")
    print("| --- | --- |")
    print(f"| frames a second over {run['seconds']:.0f} s | {run['fps']:.1f} ({run['fresh']} new pictures) |")
    print(f"| age, ms p50 / p95 / p99 | {age['p50']:.0f} / {age['p95']:.0f} / {age['p99']:.0f} |")
    print(f"| memory, MB after a quarter / at the end | {settled_mb:.0f} / {memory['end']:.0f} |")
    print(f"| cores | {run['cpu_cores']:.2f} |")
    print(f"| drops | {run['drops']} |")
    print(f"| model | {run['model']} on {run['provider']} |")
    print(f"| cores when paused | {paused:.4f} |")
    print(json.dumps({"run": run, "paused_cores": paused, "settled_mb": settled_mb}))


if __name__ == "__main__":
    main()
