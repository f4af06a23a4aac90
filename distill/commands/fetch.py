"""Fetch a public picture collection that a published system was trained on: resumed, checked, unpacked.

example:
  python -m distill fetch cifar10 --to ~/data/cifar10
  make distill RECIPE=cifar-tiny DATA=~/data/cifar10
"""

import argparse
from pathlib import Path

from distill.studies.data.collections import COLLECTIONS, fetch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=COLLECTIONS, help="which one")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where it is to lie")


def run(args: argparse.Namespace) -> None:
    fetch(COLLECTIONS[args.name], args.to)
