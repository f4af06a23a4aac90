"""Say what the program or one of its commands does; with --man as a page of the manual.

examples:
  sharpkd help set
  sharpkd help --man > sharpkd.1 && man ./sharpkd.1
"""

import argparse

from vcam.camera.status import program_version
from vcam.shell.man_page import man_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("about", nargs="?", metavar="COMMAND", help="default: the program")
    parser.add_argument("--man", action="store_true", help="print the page of the manual, in roff")


def run(args: argparse.Namespace) -> int:
    if args.man:
        print(man_page(args.make_parser(), program_version()), end="")
        return 0
    args.make_parser().parse_args([args.about, "--help"] if args.about else ["--help"])
    return 0
