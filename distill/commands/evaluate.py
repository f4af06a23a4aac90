"""Print what a published model gains on a folder of clips, then one JSON line."""

import argparse
import json
import sys
from pathlib import Path

from distill.evaluate.degradations import SETS
from distill.evaluate.judge import Row, evaluate, read_clips, summarise, table
from vcam.errors import ModelError
from vcam.manifest import read_manifest
from vcam.restore import Engine, Model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", type=Path)
    parser.add_argument("--model", default="fast")
    parser.add_argument("--crispness", type=float, default=0.0, help="0 faithful, 1 crisp")
    parser.add_argument("--set", choices=SETS, default="scaled")
    parser.add_argument("--min-height", type=int, default=480)
    parser.add_argument("--frames", type=int, help="of each clip; default all")
    parser.add_argument("--stride", type=int, default=5, help="score every so manieth frame")


def run(args: argparse.Namespace) -> None:
    specs = read_manifest(args.weights)
    if args.model not in specs:
        raise ModelError(f"no model {args.model!r} in the manifest; choose one of: {', '.join(specs)}")
    model = Model(specs[args.model], args.weights, Engine("cpu"))
    clips = read_clips(args.clips, args.min_height, args.frames)
    rows: list[Row] = []
    for row in evaluate(model, clips, SETS[args.set], args.stride, crispness=args.crispness):
        rows.append(row)
        print(f"{row.clip} {row.degradation} {row.psnr_gain:+.2f} dB", file=sys.stderr)
    if not rows:
        raise ModelError(f"no clips of {args.min_height} lines or more in {args.clips}")
    print(table(rows))
    judged = {"model": args.model, "crispness": args.crispness, "set": args.set}
    print(json.dumps({**judged, **summarise(rows)}))
