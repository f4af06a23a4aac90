"""python -m distill: train, evaluate and publish students; compare them with other methods; report."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from vcam.errors import VcamError
from vcam.manifest import weights_folder
from vcam.parser import Parser

COMMANDS = {
    "list": "list the recipes and their teachers",
    "run": "one recipe from data to published weights: pairs, teachers, training, export",
    "chroma": "fit again how strongly published models clean chroma",
    "confidence": "fit again how much of their residuals published models add",
    "fetch": "download a public image data set: CIFAR-10, CelebA or DIV2K",
    "evaluate": "evaluate published models on a folder of clips",
    "judge": "evaluate published models as publication does",
    "restate": "write published records again from their files and recipes",
    "networks": "list the networks with their size and cost",
    "sweep": "compare filters, shipped models, recipes and peers on the same frames",
    "webcam": "count frames a second of recipes' networks between a webcam and a display",
    "ablate": "train one recipe with and without each of its losses",
    "report": "write docs/results.md: tables, plots and crops of the measurements",
}
INTERRUPTED = 130  # exit code of a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_arguments(argv)
    torch.set_num_threads(args.threads)
    try:
        importlib.import_module(f"distill.commands.{args.command}").run(args)
    except VcamError as error:
        print(f"distill: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("distill: stopped; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    return 0


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m distill", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, default=weights_folder(), help="folder of published models")
    parser.add_argument(
        "--build", type=Path, default=Path("build/distill"), help="folder for work in progress"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        module = importlib.import_module(f"distill.commands.{name}")
        module.add_arguments(commands.add_parser(name, help=summary, description=module.__doc__))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
