"""Fit the strengths of chroma cleaning for published models, evaluate them, and update the manifest.

`run` does this for the models it publishes: this command is for older models, and for other folders.
"""

import argparse
from pathlib import Path

from distill.publish.refit import release_chroma
from distill.recipe import load_recipe
from vcam.manifest import read_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders that models learn from")
    parser.add_argument("--model", nargs="+", help="of the manifest; default all")


def run(args: argparse.Namespace) -> None:
    for name in args.model or read_manifest(args.weights):
        release_chroma(load_recipe(name), args.data, args.weights)
