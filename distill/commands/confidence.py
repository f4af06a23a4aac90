"""Fit the confidence of published models, evaluate them with it, and update the weights folder.

`run` does this for the models it publishes: this command is for older models, and for more scenes.
"""

import argparse
from pathlib import Path

import torch

from distill.publish.confidence import SCENES
from distill.publish.refit import release_confidence
from distill.recipe import load_recipe
from vcam.errors import ConfigError
from vcam.manifest import read_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders that models learn from")
    parser.add_argument("--model", nargs="+", help="of the manifest; default all")
    parser.add_argument("--scenes", type=int, default=SCENES, help="to fit to (default %(default)s)")
    parser.add_argument(
        "--lean",
        type=float,
        metavar="0..1",
        help="do not fit, but add that much less of what is neither all nor nothing, in the faithful look; "
        "a fit takes [confidence] lean of the recipe",
    )


def run(args: argparse.Namespace) -> None:
    if args.lean is not None and not 0 <= args.lean <= 1:
        raise ConfigError(f"--lean {args.lean:g} is outside 0..1")
    torch.set_num_threads(args.threads)
    for name in args.model or read_manifest(args.weights):
        release_confidence(load_recipe(name), args.data, args.build, args.weights, args.scenes, args.lean)
