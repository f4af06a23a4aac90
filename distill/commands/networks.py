"""Print every network that the recipes use, with its size and cost, as a Markdown table."""

import argparse

from distill.catalogue import table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(args: argparse.Namespace) -> None:
    print(table())
