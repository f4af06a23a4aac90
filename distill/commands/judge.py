"""Evaluate published models as publication does, in every look: gains, worst undamaged frames, a verdict.

The clips are the recipe's held-out part of DATA. Prints a table per look, then one JSON line; fails if a
look harms its input.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import cv2

from distill.publish.gate import find_faults
from distill.publish.judgement import Judgement, open_judge
from distill.recipe import load_recipe
from distill.report.judgement import judgement_table
from vcam.errors import ModelError
from vcam.manifest import read_manifest
from vcam.restore import Engine, Model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of sharp media")
    parser.add_argument(
        "--recipe", default="fast", help="decides which part of DATA is held out, and the size of the clips"
    )
    parser.add_argument("--models", nargs="+", help="default all that WEIGHTS has")


def run(args: argparse.Namespace) -> None:
    cv2.setNumThreads(args.threads)
    specs = read_manifest(args.weights)
    names = args.models or list(specs)
    if unknown := [name for name in names if name not in specs]:
        raise ModelError(f"no model {unknown[0]!r} in the manifest; choose some of: {', '.join(specs)}")
    judge = open_judge(load_recipe(args.recipe), args.data)
    found: dict[str, Any] = {}
    for name in names:
        for each in judge.looks(Model(specs[name], args.weights, Engine("cpu", args.threads))):
            found[f"{name}, {each.look}"] = each.summary() | {"faults": _show(name, each)}
    print(json.dumps({"judged": found}))
    failed = [look for look, figures in found.items() if figures["faults"]]
    if failed:
        raise ModelError(f"{len(failed)} of {len(found)} looks would not be published: {'; '.join(failed)}")


def _show(name: str, found: Judgement) -> list[str]:
    """Print a look's table and verdict. Returns its faults."""
    faults = [fault.text for fault in find_faults(found)]
    print(f"## {name}, {found.look}: {'FAILS' if faults else 'passes'}\n\n{judgement_table(found)}\n")
    print("".join(f"- {fault}\n" for fault in faults), flush=True)
    return faults
