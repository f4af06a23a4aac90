"""Restore pictures and recordings over HTTP, for programs; see docs/serve.md.

It listens on this machine alone, unless --host says otherwise; then every request needs the token.

examples:
  sharpkd serve
  curl --data-binary @face.jpg -H 'Content-Type: image/jpeg' -o sharp.jpg http://127.0.0.1:8780/v1/sharpen
  sharpkd serve --host 0.0.0.0 --token-file ~/.config/sharpkd/token
"""

import argparse
import importlib.util
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from vcam.config.settings import OWN_PROVIDERS
from vcam.daemon.signals import catch_signals
from vcam.errors import ConfigError
from vcam.paths import APP, NOWHERE, home_folder, write_private
from vcam.regular import read_small
from vcam.serve.limits import MIB, Limits

if TYPE_CHECKING:
    from vcam.serve.server import ServeOptions

PORT = 8780
NEEDS = ("fastapi", "prometheus_client", "PIL")
SHORTEST_TOKEN, LONGEST_TOKEN = 16, 1000
TOKEN_VARIABLE = "SHARPKD_SERVE_TOKEN"
DEFAULTS = Limits()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"default: {PORT}; 0: any")
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="requests must carry the token in it; it is made if it is not there",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name that clients call this machine by, beside localhost and its addresses; may be repeated",
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help="of recordings until they expire")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: one a core")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="of each model; default: 1")
    parser.add_argument(
        "--provider", default="auto", choices=OWN_PROVIDERS, metavar="P", help="default: auto"
    )
    parser.add_argument("--weights", default="", metavar="DIR", help="folder of manifest.json")
    add_limits(parser)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """The options that say how much one request, and all of them, may take."""
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--max-picture", type=float, default=DEFAULTS.picture_bytes / MIB, metavar="MIB", help="default: 32"
    )
    limits.add_argument(
        "--max-video", type=float, default=DEFAULTS.video_bytes / MIB, metavar="MIB", help="default: 2048"
    )
    limits.add_argument(
        "--max-pixels", type=float, default=DEFAULTS.pixels / 1e6, metavar="MEGAPIXELS", help="default: 50"
    )
    limits.add_argument(
        "--max-waiting", type=int, default=DEFAULTS.waiting, metavar="N", help="pictures; default: 128"
    )
    limits.add_argument(
        "--max-jobs", type=int, default=DEFAULTS.jobs, metavar="N", help="recordings; default: 16"
    )
    limits.add_argument(
        "--max-seconds",
        type=float,
        default=DEFAULTS.seconds,
        metavar="S",
        help="a picture may wait, and take; default: 30",
    )
    limits.add_argument(
        "--keep",
        type=float,
        default=DEFAULTS.kept_s,
        metavar="S",
        help="results; default: 3600",
    )


def run(args: argparse.Namespace) -> int:
    check_extra()
    from vcam.serve.server import run_server

    options = read_options(args)
    with catch_signals() as flags:
        run_server(options, flags, lambda line: print(f"sharpkd: {line}", file=sys.stderr, flush=True))
    return flags.code


def check_extra() -> None:
    """Raise ConfigError unless what the server needs is installed."""
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"serve needs {', '.join(missing)}, which this installation has not. "
            "Run: pip install 'sharpkd-camera[serve]'"
        )


def read_options(args: argparse.Namespace) -> "ServeOptions":
    """What the command line asks for. Raises ConfigError for a value that cannot be."""
    from vcam.camera.status import program_version
    from vcam.serve.server import ServeOptions, is_loopback
    from vcam.serve.workers import WorkerOptions

    limits = read_limits(args)
    token = read_token(args.token_file)
    if not token and not is_loopback(args.host):
        raise ConfigError(
            f"--host {args.host} lets other machines in, expected a token then: "
            "add --token-file FILE, which is made if it is not there"
        )
    _check_range("--port", args.port, 0, 65535)
    workers = args.workers or len(os.sched_getaffinity(0))
    _check_range("--workers", workers, 1, 256)
    _check_range("--threads", args.threads, 1, 64)
    return ServeOptions(
        host=args.host,
        port=args.port,
        folder=(args.folder or default_folder()).absolute(),
        token=token,
        names=tuple(args.name),
        workers=workers,
        worker=WorkerOptions(args.weights, args.provider, args.threads, limits.pixels),
        limits=limits,
        version=program_version(),
    )


def read_limits(args: argparse.Namespace) -> Limits:
    """Raises ConfigError for a limit that cannot be."""
    _check_range("--max-picture", args.max_picture, 0.001, 1024)
    _check_range("--max-video", args.max_video, 0.001, 1024**2)
    _check_range("--max-pixels", args.max_pixels, 0.001, 1000)
    _check_range("--max-waiting", args.max_waiting, 0, 100_000)
    _check_range("--max-jobs", args.max_jobs, 0, 100_000)
    _check_range("--max-seconds", args.max_seconds, 0.1, 3600)
    _check_range("--keep", args.keep, 1, 30 * 86_400)
    picture_bytes = int(args.max_picture * MIB)
    return Limits(
        picture_bytes=picture_bytes,
        video_bytes=int(args.max_video * MIB),
        pixels=int(args.max_pixels * 1e6),
        held_bytes=max(DEFAULTS.held_bytes, 2 * picture_bytes),
        waiting=args.max_waiting,
        seconds=args.max_seconds,
        jobs=args.max_jobs,
        kept_s=args.keep,
    )


def read_token(path: Path | None) -> str:
    """The token of a file, which is made if it is not there, or of the environment; empty if there is none.

    Raises ConfigError if the file cannot be used, or if others may read it.
    """
    if path is None:
        token, where = os.environ.get(TOKEN_VARIABLE, ""), TOKEN_VARIABLE
        return check_token(token, where) if token else ""
    try:
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32) + "\n")
            print(f"sharpkd: a new token is in {path}", file=sys.stderr)
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} may be read by others, expected mode 600: run: chmod 600 {path}")
        return check_token(read_small(path, LONGEST_TOKEN).decode().strip(), str(path))
    except OSError as error:
        raise ConfigError(f"cannot use the token file {path}: {error.strerror}; name another one") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no text, expected a token; remove it for a new one") from None


def check_token(token: str, where: str) -> str:
    """The token. Raises ConfigError if it can be guessed, or cannot be sent in a header."""
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            f"the token in {where} has {len(token)} characters, expected {SHORTEST_TOKEN} or more letters, "
            "digits and signs in one line: remove the file, and a new one is made"
        )
    return token


def default_folder() -> Path:
    """Where recordings are until they expire. Raises ConfigError if this user has no home."""
    state = home_folder(platformdirs.user_state_path)
    if state == NOWHERE:
        raise ConfigError("this user has no home for recordings; name a folder: --folder DIR")
    return state / APP / "serve"


def _check_range(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{option} {value:g} is outside {low:g}..{high:g}")
