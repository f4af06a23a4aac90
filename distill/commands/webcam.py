"""Count the frames a second of recipes' networks between a webcam and a display, as published systems do.

The webcam is the bundled clip as JPEG at the webcam's pace, the display a null sink. `report` reads the file.
"""

import argparse
from pathlib import Path

from distill.evaluate.recipe_network import open_recipe, recipe_networks
from distill.evaluate.results import write_speeds
from distill.evaluate.webcam import Webcam, measure_webcam
from distill.report.markdown import duration, plain, table
from vcam.errors import ConfigError
from vcam.frame import parse_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipes", type=Path, help="folder of recipes' networks; default: WEIGHTS/recipes")
    parser.add_argument(
        "--network", type=Path, nargs="+", default=[], help="more networks in the format of recipes' networks"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="networks to play it through; default: all")
    parser.add_argument("--size", default="1280x720", help="of the webcam, WIDTHxHEIGHT")
    parser.add_argument("--fps", type=float, default=60, help="of the webcam")
    parser.add_argument("--seconds", type=float, default=10, help="for each network")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="count by the processor's time a frame, on a machine with other work",
    )
    parser.add_argument("--out", type=Path, default=Path("build/results/webcam.json"))


def run(args: argparse.Namespace) -> None:
    found = recipe_networks(args.recipes or args.weights / "recipes", args.threads)
    found += [open_recipe(path, args.threads) for path in args.network]
    names = [network.name for network in found]
    if unknown := [name for name in args.only or () if name not in names]:
        raise ConfigError(f"no network {unknown[0]!r}; choose some of: {', '.join(names)}")
    chosen = [network for network in found if not args.only or network.name in args.only]
    try:
        size = parse_size(args.size)
    except ValueError as error:
        raise ConfigError(f"--size {error}") from None
    if args.fps <= 0 or args.seconds <= 0:
        raise ConfigError(f"--fps {args.fps:g} --seconds {args.seconds:g}: both must be more than 0")
    webcam = Webcam(size, args.fps, args.seconds, args.processor_time)
    speeds = list(measure_webcam(chosen, webcam, args.threads))
    write_speeds(speeds, args.out)
    rows = [[each.contender, plain(each.fps, 1), duration(each.ms), str(each.runs)] for each in speeds]
    print(table(["network", "frames a second", "ms a frame", "frames displayed"], rows))
