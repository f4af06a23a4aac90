"""Compare filters, shipped models, recipes' networks and peers on the same frames.

Writes sweep.json, which `report` reads, and rows.jsonl, from which a killed run resumes. Prints each
contender's gain over the degraded picture, then one JSON line.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2

from distill.evaluate.baselines import filters, shipped
from distill.evaluate.clips import Specimen, list_clips, list_stills
from distill.evaluate.contenders import Contender
from distill.evaluate.degradations import SETS
from distill.evaluate.recipe_network import open_recipe, recipe_networks
from distill.evaluate.results import Results, Speed, read_results
from distill.evaluate.rows import Settings
from distill.evaluate.speed import Pace, measure
from distill.evaluate.sweep import INPUT, RESULTS_FILE, sweep
from distill.studies.peers.upscalers import peers
from vcam.errors import ConfigError

STILL_SIDE = 480
DEFAULT_SETS = ["named", "webcam", "L", "clean"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", type=Path, help="folder of undamaged clips")
    parser.add_argument(
        "--stills", type=Path, help="folder of stills named face__, people__, general__, text__"
    )
    parser.add_argument("--peers", type=Path, help="folder of third-party networks: FSRCNN_x2.pb and so on")
    parser.add_argument("--recipes", type=Path, help="folder of recipes' networks; default: WEIGHTS/recipes")
    parser.add_argument(
        "--network", type=Path, nargs="+", default=[], help="more networks in the format of recipes' networks"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="contenders to run beside bicubic")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=DEFAULT_SETS, help="of degradations")
    parser.add_argument("--min-height", type=int, default=480, help="of the clips")
    parser.add_argument("--frames", type=int, default=150, help="decoded per clip, at most")
    parser.add_argument("--scored", type=int, default=12, help="scored frames per clip")
    parser.add_argument(
        "--scored-slow",
        type=int,
        default=3,
        help="the same for networks of more than 40,000 MAC a pixel, and for the input beside them",
    )
    parser.add_argument("--scored-stills", type=int, default=4, help="scored frames per still")
    parser.add_argument("--most-stills", type=int, help="per content; default: all")
    parser.add_argument("--no-vmaf", action="store_true", help="where ffmpeg has no libvmaf")
    parser.add_argument("--no-speed", action="store_true", help="keep the timings of the last run")
    parser.add_argument(
        "--speed-seconds", type=float, default=3, help="approximate time to measure a contender at a size"
    )
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="time by the processor's clock, on a machine with other work",
    )
    parser.add_argument("--out", type=Path, default=Path("build/results"))


def run(args: argparse.Namespace) -> None:
    cv2.setNumThreads(args.threads)
    specimens = list_clips(args.clips, args.min_height, args.frames, args.scored)
    if args.stills:
        specimens += list_stills(args.stills, STILL_SIDE, args.scored_stills, args.most_stills)
    results = compare(open_contenders(args), specimens, args)
    print_table(results)


def open_contenders(args: argparse.Namespace) -> list[Contender]:
    """All contenders of the arguments, "bicubic" first. Raises ConfigError for an unknown name."""
    found = filters() + shipped(args.weights, args.threads)
    found += recipe_networks(args.recipes or args.weights / "recipes", args.threads)
    found += [open_recipe(path, args.threads) for path in args.network]
    if args.peers:
        found += peers(args.peers, args.threads)
    if not args.only:
        return found
    names = [contender.name for contender in found]
    if unknown := [name for name in args.only if name not in names]:
        raise ConfigError(f"no contender {unknown[0]!r}; choose some of: {', '.join(names)}")
    return [contender for contender in found if contender.name in {INPUT, *args.only}]


def compare(
    contenders: Sequence[Contender], specimens: Sequence[Specimen], args: argparse.Namespace
) -> Results:
    """Sweep, then time: the scores are saved even if the timing is aborted."""
    settings = Settings(vmaf=not args.no_vmaf, scored_slow=args.scored_slow)
    sets = {name: SETS[name] for name in args.sets}
    old = last_speed(args.out / RESULTS_FILE, contenders)
    results = sweep(contenders, specimens, sets, settings, args.out, args.threads, old)
    if args.no_speed:
        return results
    speed = list(
        measure(contenders, args.threads, Pace(args.speed_seconds, is_processor_time=args.processor_time))
    )
    return sweep(contenders, specimens, sets, settings, args.out, args.threads, speed)


def last_speed(path: Path, contenders: Sequence[Contender]) -> list[Speed]:
    """The timings in the last results of contenders that have not changed."""
    if not path.exists():
        return []
    last = read_results(path)
    keys = {entry["name"]: entry["key"] for entry in last.contenders}
    same = {contender.name for contender in contenders if keys.get(contender.name) == contender.key}
    return [entry for entry in last.speed if entry.contender in same]


def print_table(results: Results) -> None:
    print("| contender | content | degradations | gain dB | 95% | worst clip |\n" + "| --- " * 6 + "|")
    for entry in results.summary:
        if entry.group in results.settings["sets"]:
            print(
                f"| {entry.contender} | {entry.content} | {entry.group} | {entry.gain_db:+.3f} | "
                f"{entry.low_db:+.3f} to {entry.high_db:+.3f} | {entry.worst_db:+.2f} {entry.worst_clip} |"
            )
    gains = {
        f"{entry.contender} {entry.content} {entry.group}": round(entry.gain_db, 4)
        for entry in results.summary
    }
    print(json.dumps({"rows": len(results.rows), "gains_db": gains}))
