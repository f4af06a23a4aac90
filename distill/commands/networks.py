"""Print all networks with their size and cost as a Markdown table."""

import argparse

from distill.report.networks import network_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(args: argparse.Namespace) -> None:
    print(network_table())
