"""Restore the recordings and pictures that arrive in a folder, each of them once.

A file is complete when nobody has it open for writing any more and it has not changed for some seconds.
What is done is noted in OUT, so that the watch may be ended and started again at any time.

examples:
  sharpkd watch ~/Videos/calls ~/Videos/restored
  sharpkd watch /srv/in /srv/out --size 1920x1080 --model fast
  sharpkd watch recordings restored --once      what is there now, for cron
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

from vcam.camera.parts import make_link
from vcam.commands.enhance import Bar, LoadedModel, add_restore_options, enhance
from vcam.commands.enhance_jobs import Job, is_readable, is_still, names_of
from vcam.commands.options import named_path, read_config
from vcam.config import LARGEST
from vcam.daemon.systemd import find_supervisor
from vcam.errors import AlreadyRunningError, ConfigError, SinkError, SourceError, VcamError
from vcam.instance import Instance, holder
from vcam.memory import keep_freed_memory
from vcam.public import printable, public_text
from vcam.restore.fit import fit_size
from vcam.sinks.disk import explain, make_folder
from vcam.watch.arrivals import Settling
from vcam.watch.changes import Changes
from vcam.watch.journal import Journal, recover
from vcam.watch.watch import Told, Watch

LONGEST_S = 3600.0  # to settle
LOCK = ".sharpkd-watch.lock"
Tell: TypeAlias = Callable[..., None]  # systemd, fields by name
ENDED = {128 + signal.SIGTERM, 128 + signal.SIGHUP}  # what cli.main makes of a polite end


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=named_path, metavar="FOLDER", help="where files arrive, also in its folders"
    )
    parser.add_argument("output", type=named_path, metavar="OUT", help="the folder of the restored ones")
    parser.add_argument("--once", action="store_true", help="end when all that is there is done")
    parser.add_argument(
        "--settle",
        type=float,
        default=2.0,
        metavar="S",
        help="seconds for which a complete file has not changed; default: 2",
    )
    add_restore_options(parser)


def run(args: argparse.Namespace) -> int:
    keep_freed_memory()
    check(args)
    model = LoadedModel()
    model(
        read_config(argparse.Namespace(**{**vars(args), "size": None}))
    )  # an error in it ends the watch now
    supervisor = find_supervisor(os.environ, os.getpid())
    try:
        with ExitStack() as stack:
            make_folder(args.output)
            stack.enter_context(lock(args.output))
            journal = stack.enter_context(Journal(args.output))
            changes = stack.enter_context(Changes())
            watch = make_watch(args, journal, model, supervisor.tell)
            return follow(watch, changes, args.once, supervisor.tell)
    except SystemExit as error:
        if error.code not in ENDED:
            raise
        return 0  # it was told to end, and has nothing half done
    finally:
        supervisor.tell(STOPPING=1)


def check(args: argparse.Namespace) -> None:
    """Raise what is wrong with folders and options, and would be with every file."""
    if not args.folder.is_dir():
        raise SourceError(
            f"{args.folder} is not a folder, expected the one where recordings arrive: make it first"
        )
    if not 0 <= args.settle <= LONGEST_S:
        raise ConfigError(f"--settle: {args.settle:g} is not in 0..{LONGEST_S:g} seconds")
    folder, out = args.folder.resolve(), args.output.resolve()
    if folder == out or out in folder.parents:
        raise SinkError(f"restored files in {args.output} would arrive in {args.folder}; name another folder")
    fit_size(LARGEST, args.size, args.scale, args.fit)
    make_link(args.link or "off")


@contextmanager
def lock(out: Path) -> Iterator[None]:
    """Held while files are written to a folder.

    Raises AlreadyRunningError if another watch does so, SinkError if nothing can be written there.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(Instance(out / LOCK))
        except AlreadyRunningError:
            found = f"another sharpkd watch writes to {out}, pid {holder(out / LOCK) or 'unknown'}"
            raise AlreadyRunningError(f"{found}; end that, or name another folder") from None
        except VcamError as error:
            if isinstance(error.__cause__, OSError):
                raise SinkError(explain(out, error.__cause__)) from error.__cause__
            raise
        yield


def make_watch(args: argparse.Namespace, journal: Journal, model: LoadedModel, tell: Tell) -> Watch:
    """The watch that the arguments ask for, with what a killed one had begun settled."""
    if journal.lost_lines:
        complain(
            f"{journal.lost_lines} lines of the journal in {args.output} cannot be read and are left out"
        )
    for entry in recover(journal, args.output):
        if entry.state == "bad":
            complain(f"{args.folder / entry.place} is left alone: {entry.reason}")

    def restore(source: Path, target: Path) -> None:
        tell(STATUS=f"restoring {printable(source.name)}")
        job = Job(source, target, is_still(source))
        with Bar([job]) as bar:
            enhance(job, args, bar, model)

    return Watch(
        args.folder,
        args.output,
        journal,
        restore,
        Told(say, complain),
        is_wanted=is_readable,
        names=lambda place: names_of(place, args.lossless, is_still(args.folder / place)),
        settling=Settling(args.settle),
        waits=not args.once,
    )


def follow(watch: Watch, changes: Changes, is_once: bool, tell: Tell) -> int:
    """Step until all is done, if it is for once, or for ever; returns the exit code."""
    is_deaf, followed = False, frozenset[Path]()
    tell(READY=1)
    while True:
        wait_s = watch.step()
        if is_once and watch.is_idle:
            return watch.code
        if not changes.follow(watch.folders) and not is_deaf:
            is_deaf = True
            say("the system tells of no changes here (fs.inotify.max_user_watches?): looking now and then")
        if followed != watch.folders:  # what came before they were followed is seen by another look
            followed = watch.folders
            continue
        if wait_s:
            tell(STATUS="waiting for recordings" if watch.stalled is None else "waiting for the disk")
        changes.wait(wait_s)


def say(line: str) -> None:
    print(printable(line), flush=True)


def complain(line: str) -> None:
    print(f"sharpkd: {public_text(line)}", file=sys.stderr, flush=True)
