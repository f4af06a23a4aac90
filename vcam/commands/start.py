"""Start the camera in the background; does nothing if it runs already.

Where `sharpkd install` has written a service, that is started; with options, a process beside it.
Its settings are the options, then the configuration file, then the defaults. They are the options' until it
stops, over a reload too; `sharpkd restart` and the next start know only the file, see: sharpkd set --help
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vcam.commands.logs import last_lines
from vcam.commands.options import add_camera_options, folder_told, given_settings
from vcam.control.client import ControlClient
from vcam.daemon.journal import PublicFormatter
from vcam.desktop.places import user_places
from vcam.desktop.systemctl import exit_status, is_reachable, start_service
from vcam.errors import AlreadyRunningError, ConfigError, NotRunningError, VcamError
from vcam.instance import holder
from vcam.paths import GIVEN, Paths, append_private, check_log, make_private, user_paths

PATIENCE_S = 90.0  # TensorRT builds its engine at the first start
RENEWAL_S = 5.0  # a daemon whose runtime folder was deleted makes it again much sooner
LOOK_S = 0.05
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--foreground", action="store_true", help="stay here, log to the terminal")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file; default: your own")
    add_camera_options(parser)


def run(args: argparse.Namespace) -> int:
    paths = find_paths(args)
    given = given_settings(args)
    if args.foreground:
        return _run_here(paths, given)
    with folder_told(given.get("source", "")):
        status, is_new = ensure_running(paths, given)
    if not is_new:
        print(f"already running, pid {status['pid']}: {status['state']}")
        return 0
    print(f"started, pid {status['pid']}: {status['sink']}, model {status['model']} on {status['provider']}")
    print(f"preview: {status['preview_url']}")
    if status["hint"]:
        print(f"no virtual camera yet; it is taken as soon as there is one. {status['hint']}")
    return 0


def find_paths(args: argparse.Namespace) -> Paths:
    """This user's paths, with the configuration file that was named. Raises ConfigError if that is not there.

    The user's own file may be absent: then every setting has its default.
    """
    paths = user_paths()
    if args.config is None:
        return paths
    if not args.config.is_file():
        found = "is not a file" if args.config.exists() else "is not there: no such file"
        raise ConfigError(f"--config: {args.config} {found}; name one that exists, or leave --config out")
    return replace(paths, config=args.config.absolute())


def _run_here(paths: Paths, given: dict[str, str]) -> int:
    from vcam.daemon.service import run_daemon  # loads the whole camera; a plain start does without

    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(PublicFormatter("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_terminal])
    run_daemon(paths, given)
    return 0


def ensure_running(paths: Paths, given: Mapping[str, str] = NO_SETTINGS) -> tuple[dict[str, Any], bool]:
    """The status of the daemon, once it answers, and whether it had to be started.

    given  settings that it is to have, whether it runs already or not

    Raises the VcamError that ended it, with its exit code; NotRunningError if it does not answer in time.
    """
    make_private(paths.runtime)
    if holder(*paths.locks) is None:
        is_plain = not given and paths == user_paths()
        daemon = None if is_plain and start_installed(paths) else spawn(paths, given)
        try:
            return _await_answer(paths, daemon), True
        except KeyboardInterrupt:
            remedy = "it goes on starting in the background; stop it with: sharpkd stop"
            print(f"sharpkd: the camera was not waited for: {remedy}", file=sys.stderr)
            raise
    status = _await_answer(paths, None)
    if given:
        status = ControlClient(paths.socket).command(set=dict(given))
    return status, False


def start_installed(paths: Paths) -> bool:
    """Start the installed service, which is watched and logs to the journal; False if there is none.

    Raises the VcamError that ended it, with its exit code.
    """
    if not user_places().unit.exists() or not is_reachable():
        return False
    try:
        start_service()
    except VcamError:
        code = exit_status()
        if code:
            raise _death(paths, code) from None
        raise
    return True


def spawn(paths: Paths, given: Mapping[str, str] = NO_SETTINGS) -> subprocess.Popen[bytes]:
    """Start the daemon as a process of its own session, its output going to the log."""
    check_log(paths.log)
    # -P: no module is looked for in the folder where the user happens to be
    command = [sys.executable, "-P", "-m", "vcam.daemon", "--config", str(paths.config)]
    with append_private(paths.log) as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # not among its words, which others may read: a source may have a password
            env={**os.environ, GIVEN: json.dumps(dict(given))},
        )


def _await_answer(paths: Paths, daemon: subprocess.Popen[bytes] | None) -> dict[str, Any]:
    """The status of the daemon once it answers.

    Raises the VcamError that ended it, with its exit code; NotRunningError if it does not answer in time.
    """
    client = ControlClient(paths.socket)
    begin_s = time.monotonic()
    while time.monotonic() < begin_s + PATIENCE_S:
        try:
            return client.status()
        except NotRunningError:
            code = None if daemon is None else daemon.poll()
        if code is not None and code != AlreadyRunningError.exit_code:
            raise _death(paths, code)
        if daemon is None or code is not None:
            _check_holder(paths, time.monotonic() - begin_s)
        time.sleep(LOOK_S)
    raise NotRunningError(f"the camera does not answer within {PATIENCE_S:g} s; see: sharpkd logs")


def _check_holder(paths: Paths, waited_s: float) -> None:
    """Raise NotRunningError if the daemon that somebody else started has ended, or lies out of reach."""
    lock, guard = paths.locks
    pid = holder(lock, guard)
    if pid is None:
        raise NotRunningError("the camera that was starting has ended; see: sharpkd logs")
    if holder(lock) is None and waited_s > RENEWAL_S:
        raise AlreadyRunningError(
            f"already running, pid {pid}, but not reached in {paths.runtime}: it was started with another "
            "XDG_RUNTIME_DIR. Run: sharpkd restart"
        )


def _death(paths: Paths, code: int) -> VcamError:
    """What the log says last of a daemon that ended."""
    lines = last_lines(paths.log, 1) if paths.log.exists() else []
    _, _, message = lines[-1].partition(" ERROR ") if lines else ("", "", "")
    error = VcamError(message or f"the camera ended with code {code}; see: sharpkd logs")
    error.exit_code = code if code > 0 else 1
    return error
