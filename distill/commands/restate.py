"""Write again what published records say of their networks' files and of today's recipes: titles and claims.

What a run alone can tell, scores, curve and times, stays as it is.
"""

import argparse

from distill.publish.restated import restate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none but WEIGHTS."""


def run(args: argparse.Namespace) -> None:
    folder = args.weights / "recipes"
    changed = restate(folder)
    print(f"{folder}: {', '.join(changed) or 'nothing'} written again")
