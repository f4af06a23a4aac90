"""Verdicts of engines, kept by machine, model and versions: each is found once."""

import json
import logging
import os
import platform
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import onnxruntime

from vcam.frame import Size
from vcam.manifest import ModelSpec, sha256_of
from vcam.partial import make_partial
from vcam.regular import read_small
from vcam.restore.plugins import PLUGINS
from vcam.restore.trial import Verdict, try_engine

log = logging.getLogger(__name__)

LARGEST = 4096  # bytes of a verdict's file
KEPT = 64  # files
RETRY_S = 7 * 86_400  # after a fault: what hung on a busy machine may work on a quiet one
FORMAT = 1  # of what is measured: another one makes old verdicts void
CPU_INFO = Path("/proc/cpuinfo")

Try: TypeAlias = Callable[[str, ModelSpec, Path, Size, int], Verdict]


@dataclass(frozen=True)
class Case:
    """What a verdict is about: a model for pictures of one size, by so many threads."""

    spec: ModelSpec
    folder: Path
    size: Size
    threads: int


class Verdicts:
    """The verdicts that are known. A file that is missing or cannot be read is a verdict that is not known.

    folder  one file a verdict; it may be deleted at any time
    now_s   seconds since 1970
    """

    def __init__(
        self, folder: Path, try_one: Try = try_engine, now_s: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._try = try_one
        self._now_s = now_s

    def read(self, name: str, case: Case) -> Verdict | None:
        """The verdict of an engine; None if it has not been tried in this case, or failed a week ago."""
        path = self._path(name, case)
        try:
            verdict = Verdict.read(json.loads(read_small(path, LARGEST)))
            age_s = self._now_s() - path.stat().st_mtime
        except (OSError, ValueError, RecursionError):
            return None
        is_old = bool(verdict.fault) and not verdict.is_absent and age_s > RETRY_S
        return verdict if verdict.engine == name and not is_old else None

    def find(self, name: str, case: Case) -> Verdict:
        """The verdict of an engine; where none is known, it is tried now, in another process, for seconds."""
        return self.read(name, case) or self.renew(name, case)

    def renew(self, name: str, case: Case) -> Verdict:
        """Try an engine again, whatever is known of it."""
        verdict = self._try(name, case.spec, case.folder, case.size, case.threads)
        log.info("engine %s for %s: %s", name, case.spec.name, describe(verdict))
        self.write(verdict, case)
        return verdict

    def write(self, verdict: Verdict, case: Case) -> None:
        """Keep a verdict, in one step; where that cannot be, it is found again by the next start."""
        path = self._path(verdict.engine, case)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = make_partial(path)
            try:
                partial.write_text(json.dumps(asdict(verdict)))
                os.replace(partial, path)
            finally:
                partial.unlink(missing_ok=True)
            self._forget_oldest()
        except OSError as error:
            log.warning("the verdict on the engine %s is not kept: %s", verdict.engine, error)

    def _forget_oldest(self) -> None:
        files = sorted((entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(self._folder))
        for _, path in files[: max(0, len(files) - KEPT)]:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _path(self, name: str, case: Case) -> Path:
        files = sorted((kind, file.sha256) for kind, file in case.spec.files.items())
        about = [FORMAT, name, PLUGINS[name].version, onnxruntime.__version__, describe_machine()]
        key = json.dumps([*about, files, case.size, case.threads])
        return self._folder / f"{name}-{sha256_of(key.encode())[:24]}.json"


def fastest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict of the engine to use; None if the CPU provider is as good as any."""
    return min((each for each in verdicts if each.is_faster), key=lambda each: each.share, default=None)


def describe(verdict: Verdict) -> str:
    """A verdict in words."""
    if verdict.fault:
        return verdict.fault
    return (
        f"{verdict.ms:.1f} ms and {verdict.core_ms:.1f} of processor time, "
        f"{verdict.cpu_ms:.1f} and {verdict.cpu_core_ms:.1f} by the CPU provider"
    )


def describe_machine(cpu_info: Path = CPU_INFO) -> str:
    """The processor: its model, its instructions, and how many cores we may use."""
    facts = {}
    with suppress(OSError):
        for line in cpu_info.read_text(errors="replace").split("\n\n")[0].splitlines():
            key, _, value = line.partition(":")
            facts[key.strip()] = value.strip()
    known = [facts.get(key, "") for key in ("vendor_id", "model name", "flags", "Features")]
    return " ".join([platform.machine(), *known, str(len(os.sched_getaffinity(0)))])
