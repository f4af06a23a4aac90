"""Print the gains of a published model on a folder of clips, then one JSON line.

The sets: W, L and N are webcams by day and in dim rooms; D (or named) are D1 to D5, links; webcam is a poor
webcam with grey noise; clean is an undamaged picture; scaled is x2 and x3 at three qualities; call is what
the other side of a call sees of W, L, N and a perfect camera behind real encoders; faces is how sharp faces
are behind D2, D4 and D5: a detector finds them, and every clip must show one.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import cv2

from distill.evaluate.baselines import Sharpened, Unsharp, filters, shipped
from distill.evaluate.calls import ENCODERS, all_calls
from distill.evaluate.clips import list_clips
from distill.evaluate.contenders import Contender
from distill.evaluate.degradations import SETS
from distill.evaluate.faces import judge_faces
from distill.evaluate.farend import CALLS_FILE, CAMERAS, NOTHING, Protocol, judge_calls
from distill.evaluate.judge import FIRST_SCORED, Row, evaluate, hold_still, read_clips, summarise
from distill.jsonl_cache import append_cache
from distill.report.faces import faces_table, summarise_faces
from distill.report.farend import all_tables, summary
from distill.report.verdict import mean_gains, verdict_table
from vcam.errors import ConfigError, ModelError
from vcam.frame import Frame
from vcam.manifest import read_manifest
from vcam.restore import Engine, Model

CALL, FACES = "call", "faces"
ALIASES = {"D": "named"}
LOOKS = [NOTHING, "fast", "best", "best crisp", "unsharp 0.3"]
MASK = Unsharp(0.8, 1.0)  # what sharpening alone does to a restored face


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", type=Path)
    parser.add_argument("--set", nargs="+", choices=[*SETS, *ALIASES, CALL, FACES], default=["scaled"])
    parser.add_argument("--min-height", type=int, default=480)
    parser.add_argument("--clips-limit", type=int, help="number of clips; default: all")
    parser.add_argument("--frames", type=int, help="per clip; default: all; with call and faces 150")
    parser.add_argument("--stride", type=int, default=5, help="score every Nth frame")
    parser.add_argument("--first", type=int, default=FIRST_SCORED, help="index of the first scored frame")
    parser.add_argument(
        "--out", type=Path, help=f"append JSON lines to this file; default with call: {CALLS_FILE}"
    )
    model = parser.add_argument_group("all sets but call and faces")
    model.add_argument("--model", default="fast")
    model.add_argument("--still", action="store_true", help="repeat each clip's first frame: no motion")
    model.add_argument("--crispness", type=float, default=0.0, help="0 faithful, 1 crisp")
    looks = parser.add_argument_group("call and faces")
    looks.add_argument(
        "--looks",
        nargs="+",
        help=f"beside {NOTHING}, which is always there; default {', '.join(LOOKS[1:])}; with faces all that "
        f"WEIGHTS has, and the first with {MASK.name}",
    )
    call = parser.add_argument_group("call: resumed from --out")
    call.add_argument("--cameras", nargs="+", choices=CAMERAS, default=list(CAMERAS))
    call.add_argument("--codecs", nargs="+", choices=ENCODERS, default=list(ENCODERS))
    call.add_argument("--kbps", nargs="+", type=float, default=[], help="these rates alone")
    call.add_argument("--no-vmaf", action="store_true", help="where ffmpeg has no libvmaf")


def run(args: argparse.Namespace) -> None:
    cv2.setNumThreads(args.threads)
    alone = {CALL: run_calls, FACES: run_faces}
    for name in alone:
        if name in args.set and len(args.set) > 1:
            raise ConfigError(f"the set {name} is evaluated separately; run the other sets in another call")
    alone.get(args.set[0], run_sets)(args)


def run_sets(args: argparse.Namespace) -> None:
    """Evaluate one look of one model under every degradation of the sets."""
    specs = read_manifest(args.weights)
    if args.model not in specs:
        raise ModelError(f"no model {args.model!r} in the manifest; choose one of: {', '.join(specs)}")
    model = Model(specs[args.model], args.weights, Engine("cpu", args.threads))
    degradations = {label: each for name in args.set for label, each in SETS[ALIASES.get(name, name)].items()}
    clips: Iterable[tuple[str, Sequence[Frame]]] = islice(
        read_clips(args.clips, args.min_height, args.frames), args.clips_limit
    )
    if args.still:
        clips = ((f"{name} still", hold_still(frames)) for name, frames in clips)
    judged = {"model": args.model, "crispness": args.crispness, "set": " ".join(args.set)}
    rows: list[Row] = []
    for row in evaluate(model, clips, degradations, args.stride, crispness=args.crispness, first=args.first):
        rows.append(row)
        print(f"{row.clip} {row.degradation} {row.psnr_gain:+.2f} dB", file=sys.stderr)
        if args.out:
            key = f"{args.model} {args.crispness:g} {row.clip} {row.degradation}"
            append_cache(args.out, key, judged | asdict(row))
    if not rows:
        raise ModelError(f"no clips of {args.min_height} lines or more in {args.clips}")
    print(verdict_table(rows))
    print(json.dumps({**judged, **summarise(rows), "degradations": mean_gains(rows)}))


def run_calls(args: argparse.Namespace) -> None:
    """Evaluate all looks with all cameras in all calls."""
    protocol = Protocol(args.first, args.stride, vmaf=not args.no_vmaf)
    specimens = list_clips(args.clips, args.min_height, args.frames or 150, 0)[: args.clips_limit]
    looks = choose(filters() + shipped(args.weights, args.threads), args.looks or LOOKS)
    cameras = {name: CAMERAS[name] for name in args.cameras}
    calls = all_calls(args.codecs, args.kbps)
    if not calls:
        raise ConfigError(f"no call has a rate of {args.kbps}; omit --kbps to run all rates")
    found = list(judge_calls(looks, specimens, cameras, calls, protocol, args.out or CALLS_FILE))
    for title, text in all_tables(found):
        print(f"{title}\n\n{text}\n")
    print(json.dumps({"set": CALL, "calls": len(found), "psnr_gain": summary(found)}))


def run_faces(args: argparse.Namespace) -> None:
    """Measure how much of the true detail of faces each look shows."""
    models = shipped(args.weights, args.threads)
    sharpened = [Sharpened(model, MASK) for model in models]
    usual = [look.name for look in [*models, sharpened[0]]]
    chosen = choose([*filters(), *models, *sharpened], args.looks or usual)
    specimens = list_clips(args.clips, args.min_height, args.frames or 150, 0)[: args.clips_limit]
    rows = []
    for row in judge_faces(chosen, specimens, args.first, args.stride):
        rows.append(row)
        if args.out:
            append_cache(args.out, f"{FACES} {row.look} {row.clip} {row.degradation}", asdict(row))
    print(faces_table(rows))
    print(json.dumps({"set": FACES, **summarise_faces(rows)}))


def choose(found: Sequence[Contender], names: Iterable[str]) -> list[Contender]:
    """The looks with these names, the untouched picture first. Raises ConfigError for an unknown name."""
    known = {each.name: each for each in found}
    wanted = dict.fromkeys([NOTHING, *names])
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigError(f"no look {unknown[0]!r}; choose some of: {', '.join(known)}")
    return [known[name] for name in wanted]
