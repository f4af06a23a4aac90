"""python -m distill: train, judge and publish students; measure them beside everything else; report."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from vcam.errors import VcamError
from vcam.manifest import weights_folder

COMMANDS = {
    "list": "the recipes, and the teachers they learn from",
    "run": "pairs, teachers, training, export, judgement, publication of one recipe",
    "chroma": "how strongly published models clean chroma, fitted to them again",
    "fetch": "a public picture collection: CIFAR-10, CelebA or DIV2K",
    "evaluate": "a published model on a folder of clips",
    "judge": "what publication is decided by, of the models that are published already",
    "networks": "the networks, with their size and cost",
    "sweep": "everything on the same frames, side by side",
    "ablate": "one recipe with and without each of its losses",
    "report": "docs/results.md: tables, plots and crops of what was measured",
}


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_arguments(argv)
    torch.set_num_threads(args.threads)
    try:
        importlib.import_module(f"distill.commands.{args.command}").run(args)
    except VcamError as error:
        print(f"distill: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m distill", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, default=weights_folder(), help="where models are published")
    parser.add_argument(
        "--build", type=Path, default=Path("build/distill"), help="where work in progress lies"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        module = importlib.import_module(f"distill.commands.{name}")
        module.add_arguments(commands.add_parser(name, help=summary, description=module.__doc__))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
