"""Download a public data set that a published system was trained on: resumable, checked, unpacked.

example:
  python -m distill fetch cifar10 --to ~/data/cifar10
  make distill RECIPE=cifar-tiny DATA=~/data/cifar10
"""

import argparse
from pathlib import Path

from distill.studies.data.collections import COLLECTIONS, fetch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=COLLECTIONS, help="data set")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="target folder")


def run(args: argparse.Namespace) -> None:
    fetch(COLLECTIONS[args.name], args.to)
