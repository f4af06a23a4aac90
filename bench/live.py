"""Does the camera meet its targets for a minute each, and what does it cost when it is paused?

Ceiling: at 60 fps all that is done to one frame must end within 17 ms; at 30 fps one core has 33 ms for all
threads together. `bench.chain` says what each step takes. A picture cannot be younger than its way through
link and restoration. Paused, two cards a second are sent: nothing but a copy of 3 MB each.

    python -m bench.live [WORD ...] [--seconds 60]

WORD  only the targets with one of these words in their names, such as 720p or still

Runs the installed program as a user would: `sharpkd run --json` for each target, then `sharpkd start`,
`pause` and the processor time of the daemon. New pictures count, not those that were sent again. Memory is
what the run holds when a quarter of it is over, and at its end: buffers have found their sizes by then, and
what still grows is a leak. The 60 fps come from the bundled clip at twice its speed, see `bench.clip`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.clip import write_clip

SHARPKD = (sys.executable, "-m", "vcam.cli")
SETTLE_S, PAUSED_S = 15.0, 10.0  # the engines of a machine that is new to them are tried meanwhile
FAST_CLIP, SPARE_S = "build/talk-60.mp4", 5.0
FRESH_SHARE = 0.99  # of the frames must be new ones


@dataclass(frozen=True)
class Target:
    """What a run is to reach; a limit that is None is not set."""

    name: str
    arguments: str  # of `sharpkd run`
    fps: int = 30  # new pictures a second
    cores: float | None = None  # fewer than these are used
    age_p95_ms: float | None = None  # pictures are younger than this


TARGETS = (
    Target(
        "1080p 60 fps",
        f"--source {FAST_CLIP} --fps 60 --size 1920x1080 --link 360p,fps=60 --sink null",
        fps=60,
        age_p95_ms=50,
    ),
    Target(
        "1080p 60 fps, no link",
        f"--source {FAST_CLIP} --fps 60 --size 1920x1080 --sink null",
        fps=60,
        age_p95_ms=50,
    ),
    Target("1080p 30 fps", "--source sample --size 1920x1080 --link 360p --sink null", cores=1.0),
    Target(
        "1080p 30 fps, still background",
        "--source sample-still --size 1920x1080 --link 360p --sink null",
        cores=0.5,
    ),
    Target("720p 30 fps", "--source sample --size 1280x720 --link 360p --sink null", cores=0.4),
)


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


def find_misses(target: Target, run: Mapping[str, Any]) -> list[str]:
    """What a run, as `sharpkd run --json` describes it, did not keep; empty if all is well."""
    new_fps, age_ms, cores = run["fresh"] / run["seconds"], run["age_ms"]["p95"], run["cpu_cores"]
    misses = []
    if new_fps < FRESH_SHARE * target.fps:
        misses.append(f"{new_fps:.1f} of {target.fps} fps")
    if target.age_p95_ms is not None and age_ms >= target.age_p95_ms:
        misses.append(f"age {age_ms:.0f}, not {target.age_p95_ms:.0f} ms")
    if target.cores is not None and cores >= target.cores:
        misses.append(f"{cores:.2f}, not {target.cores:g} cores")
    return misses


def run_live(target: Target, seconds: float, home: Path) -> dict[str, Any]:
    """Run the camera; returns the numbers it ends with, and its memory after a quarter of the time."""
    command = [*SHARPKD, "run", *target.arguments.split(), "--seconds", str(seconds), "--json"]
    with subprocess.Popen(command, env=folders_in(home), stdout=subprocess.PIPE, text=True) as process:
        time.sleep(seconds / 4)
        settled_mb = rss_mb(process.pid)
        lines = process.communicate()[0].splitlines()
    return json.loads(lines[-1]) | {"settled_mb": settled_mb}


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


def print_row(target: Target, run: Mapping[str, Any]) -> None:
    age, memory = run["age_ms"], run["rss_mb"]
    cells = [
        target.name,
        run["model"],
        f"{run['fresh'] / run['seconds']:.2f}",
        f"{age['p50']:.0f} / {age['p95']:.0f} / {age['p99']:.0f}",
        f"{run['cpu_cores']:.2f}",
        str(sum(run["drops"].values())),
        f"{run['settled_mb']:.0f} / {memory['end']:.0f}",
        ", ".join(find_misses(target, run)) or "met",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    wanted = [
        target
        for target in TARGETS
        if not arguments.words or any(word in target.name for word in arguments.words)
    ]
    runs = {}
    write_clip(Path(FAST_CLIP), 60, arguments.seconds + SPARE_S)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        print("| target | model | new fps | age, ms p50 / p95 / p99 | cores | drops | memory, MB | |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for target in wanted:
            runs[target.name] = run_live(target, arguments.seconds, home)
            print_row(target, runs[target.name])
        paused = paused_share(home)
    print(f"\nPaused at 1080p: {paused:.4f} cores. The commands:\n")
    for target in wanted:
        print(f"    sharpkd run {target.arguments} --seconds {arguments.seconds:g} --json")
    print(json.dumps({"runs": runs, "paused_cores": paused}))


if __name__ == "__main__":
    main()
