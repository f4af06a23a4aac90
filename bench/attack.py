"""Does anything end the camera, or stop it for good?

    python -m bench.attack [--minutes 1 | --seconds S] [--seed 0] [--only KIND]

Starts a real daemon in a home of its own and injects faults (see bench/faults.py), one after another, each
kind once a round, until the time is over. After each, good settings are sent: it has recovered when it runs,
its status answers within 2 s and new pictures come, all within 20 s. While a fault lasts, the status is asked
for three times: the slowest answer is shown, and how many did not come. The last line is JSON; memory,
threads and files are what the daemon held at its start, after the first round and at the end. Exit code 1 if
it ended or did not recover. Linux.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np

from bench.faults import FAULTS
from bench.victim import Held, Victim, running_victim
from vcam.control.client import ControlClient
from vcam.errors import VcamError

LOOKS = 3  # at the status, while a fault lasts
LOOK_S = 0.1
REST_S = 6.0  # longer than an answer may stay unread, and a source that was given up is closed by then
LOG_LINES = 30


@dataclass(frozen=True)
class Outcome:
    """What came of one fault."""

    kind: str
    answers_ms: tuple[float, ...]  # of the status, while the fault lasted
    recovery_s: float | None  # None: it did not
    ended: bool


def attack_once(victim: Victim, kind: str, rng: np.random.Generator) -> Outcome:
    with FAULTS[kind](victim, rng):
        answers_ms = tuple(look(victim))
    begin_s = time.monotonic()
    is_well = victim.recover()
    took_s = time.monotonic() - begin_s
    return Outcome(kind, answers_ms, took_s if is_well else None, not victim.is_alive)


def look(victim: Victim) -> Iterator[float]:
    """How long the status takes, again and again; those that do not come are left out."""
    for _ in range(LOOKS):
        begin_s = time.perf_counter()
        with suppress(VcamError):
            ControlClient(victim.control).status()
            yield (time.perf_counter() - begin_s) * 1000
        time.sleep(LOOK_S)


def rounds(kinds: list[str], seed: int) -> Iterator[tuple[str, np.random.Generator]]:
    """Each kind once a round, in an order of its own, with the generator of that fault alone."""
    for turn in count():
        for index in np.random.default_rng([seed, turn]).permutation(len(kinds)):
            yield kinds[index], np.random.default_rng([seed, turn, int(index)])


def attack(victim: Victim, kinds: list[str], seconds: float, seed: int) -> Iterator[Outcome]:
    """Until the time is over or the daemon has ended."""
    deadline = time.monotonic() + seconds
    for kind, rng in rounds(kinds, seed):
        if time.monotonic() > deadline:
            return
        outcome = attack_once(victim, kind, rng)
        yield outcome
        if outcome.ended:
            return


def table(outcomes: list[Outcome]) -> Iterator[str]:
    yield "| kind | injected | recovered | ended | slowest status, ms | no status | longest recovery, s |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for kind in sorted({outcome.kind for outcome in outcomes}):
        own = [outcome for outcome in outcomes if outcome.kind == kind]
        well = [outcome.recovery_s for outcome in own if outcome.recovery_s is not None]
        answers_ms = [answer for outcome in own for answer in outcome.answers_ms]
        cells = (
            *(kind, len(own), len(well), sum(outcome.ended for outcome in own)),
            *(f"{max(answers_ms, default=0):.0f}", LOOKS * len(own) - len(answers_ms)),
            f"{max(well, default=0):.1f}",
        )
        yield f"| {' | '.join(map(str, cells))} |"


def summary(outcomes: list[Outcome], moments: dict[str, Held]) -> dict[str, object]:
    held = {moment: asdict(found) for moment, found in moments.items()}
    return {
        "injected": len(outcomes),
        "recovered": sum(outcome.recovery_s is not None for outcome in outcomes),
        "dead": sum(outcome.ended for outcome in outcomes),
        **{key: {moment: held[moment][key] for moment in held} for key in ("rss_mb", "threads", "fds")},
    }


def measure(kinds: list[str], seconds: float, seed: int) -> dict[str, object]:
    """Attack a daemon of its own, and print what came of it."""
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, running_victim(Path(folder)) as victim:
        victim.recover()
        moments = {"start": victim.held}
        for outcome in attack(victim, kinds, seconds, seed):
            outcomes.append(outcome)
            if len(outcomes) == len(kinds) and victim.is_alive:
                time.sleep(REST_S)
                moments["first round"] = victim.held
        if victim.is_alive:
            time.sleep(REST_S)
            moments["end"] = victim.held
        else:
            print("\n".join(victim.log.read_text(errors="replace").splitlines()[-LOG_LINES:]))
    print("\n".join(table(outcomes)))
    return summary(outcomes, moments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, help="instead of minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=FAULTS, metavar="KIND", help=f"one of: {', '.join(FAULTS)}")
    args = parser.parse_args()
    seconds = args.minutes * 60 if args.seconds is None else args.seconds
    found = measure([args.only] if args.only else list(FAULTS), seconds, args.seed)
    print(json.dumps(found))
    sys.exit(0 if found["injected"] == found["recovered"] else 1)


if __name__ == "__main__":
    main()
