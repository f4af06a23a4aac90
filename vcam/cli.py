"""The command line: finds the command's module, and is the one place where errors become exit codes."""

import argparse
import importlib
import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence

from vcam.blas import keep_blas_single
from vcam.daemon.signals import unwind_on_signals
from vcam.errors import INTERRUPTED, VcamError
from vcam.parser import Parser
from vcam.public import public_text
from vcam.streams import drop_output, find_fault, open_closed_streams

COMMANDS = {
    "run": "run the camera here, in the foreground, until Ctrl-C",
    "start": "start the camera in the background",
    "stop": "stop it",
    "restart": "stop it and start it again",
    "pause": "show a card and switch the webcam off",
    "resume": "show the picture again",
    "toggle": "pause, freeze or mirror the picture, or undo that: for a key",
    "tray": "show an icon in the desktop's tray: what the camera does, and its settings",
    "open": "open the preview page, before and after, in the browser",
    "status": "say what it does: state, speed, age of the picture, drops",
    "set": "change a setting while it runs",
    "config": "list every setting: value, default, range, and what needs a restart",
    "reload": "read configuration and models again, without a gap in the picture",
    "model": "list published models, compare versions, use another one, undo that",
    "devices": "list cameras and the virtual camera",
    "doctor": "find what keeps the virtual camera from working, and the command that fixes it",
    "logs": "show the background camera's log",
    "enhance": "restore a video or picture file",
    "mos": "ask people which of two systems looks better, and report what they said",
    "watch": "restore the recordings that arrive in a folder, each once",
    "serve": "restore pictures and recordings over HTTP, for programs",
    "record": "record the camera as it is, to train a student on your own face",
    "install": "have the camera ready at login, and in the desktop's menu",
    "uninstall": "undo that",
    "completion": "print what completes its words in bash, zsh or fish",
    "help": "say what a command does; with --man as a page of the manual",
    "bench": "measure decoding, link, restoration and publishing on this machine",
}
EXAMPLES = """examples:
  sharpkd run                              the webcam, or a demonstration where there is none
  sharpkd start && sharpkd status          the camera that calls can use
  sharpkd set strength 0.5                 half of the restoration, at once
  sharpkd enhance call.mp4 sharp.mp4 --size 1920x1080

exit codes: 0 fine, 1 error (doctor: a problem was found), 2 wrong setting, 3 not running, 4 source, 5 sink,
            6 model, 7 link, 8 another one runs, 128+N ended by signal N
"""
MISSING_LIBRARY = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")


def main(argv: Sequence[str] | None = None, system: str = sys.platform) -> int:
    """Run one command; returns the exit code. A user's error is one line on stderr, a bug a traceback.

    system  as sys.platform says it
    """
    open_closed_streams()
    if system != "linux":  # before a command is imported: most of them ask Linux's own modules
        say(f"this program is for Linux, this system is {system}")
        return VcamError.exit_code
    keep_blas_single(os.environ)
    try:
        code = run_command(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except (
        BrokenPipeError
    ):  # `sharpkd logs | head`: the reader has gone, and the interpreter must not tell it
        drop_output(sys.stdout)
        return VcamError.exit_code
    except OSError as error:
        fault = find_fault(sys.stdout)
        if fault is None:
            raise
        drop_output(sys.stdout)
        say(
            f"cannot write to standard output: {fault.strerror or error}. Free some space, or write elsewhere"
        )
        return VcamError.exit_code


def run_command(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code. Raises OSError if standard output cannot be written."""
    try:
        args = parse_arguments(argv)
        with unwind_on_signals():
            return importlib.import_module(f"vcam.commands.{args.command}").run(args)
    except VcamError as error:
        say(public_text(str(error)))
        return error.exit_code
    except ImportError as error:
        missing = MISSING_LIBRARY.search(str(error))
        if missing is None:
            raise
        remedy = "Run: sudo apt install libstdc++6, or what your system calls the package of that library"
        say(f"this system lacks {missing[1]}, expected by what was installed. {remedy}")
        return VcamError.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit:  # of the parser, as for --help
        sys.stdout.flush()
        raise


def say(line: str) -> None:
    """A line for the user on stderr, if anything can be written there."""
    try:
        print(f"sharpkd: {line}", file=sys.stderr, flush=True)
    except OSError:
        drop_output(sys.stderr)


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line. Only the chosen command's module is imported: some are slow to load."""
    chosen = next((word for word in argv if not word.startswith("-")), None)
    return make_parser(name for name in COMMANDS if name == chosen).parse_args(argv)


def make_parser(loaded: Iterable[str] = COMMANDS) -> Parser:
    """The parser of the whole command line, with the arguments of these commands."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog="sharpkd",
        description="A virtual camera that restores blurry, bandwidth-degraded pictures.",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="say what runs here, in one line")
    parser.set_defaults(make_parser=make_parser)  # for commands that describe all the others
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = set(loaded)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary, formatter_class=raw)
        if name in wanted:
            module = importlib.import_module(f"vcam.commands.{name}")
            command.description = module.__doc__
            module.add_arguments(command)
    return parser


class ShowVersion(argparse.Action):
    """Prints the version; what it needs to know is asked only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from onnxruntime import __version__ as runtime  # slow to load, as the camera is

        from vcam.camera.status import program_version

        print(f"sharpkd {program_version()}, Python {platform.python_version()}, ONNX Runtime {runtime}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
