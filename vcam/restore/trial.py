"""Try an engine in a process of its own: what is broken there ends that process, and not the camera.

`python -m vcam.restore.trial ENGINE FOLDER MODEL WIDTH HEIGHT THREADS` prints one JSON object, a Verdict.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np

from vcam.errors import ModelError, VcamError
from vcam.frame import Size
from vcam.manifest import ModelSpec, read_manifest
from vcam.restore.adopted import AdoptedEngine
from vcam.restore.cells import Cells
from vcam.restore.engine import Engine
from vcam.restore.model import Model
from vcam.restore.network import Network, farthest
from vcam.restore.plugins import NoDeviceError

PATIENCE_S = 60.0  # for one engine: a GPU's compiler may take long
RUNS = 9  # of each, in turns
FASTER = 0.9  # of the CPU provider's time: what gains less is not worth another library
LARGEST_NUMBER = 1e9  # in a verdict
NICENESS = 10  # it runs beside a camera
PR_SET_PDEATHSIG = 1  # of linux/prctl.h


@dataclass(frozen=True)
class Verdict:
    """What one engine was found to be worth for one model and size, beside the CPU provider.

    fault         why it cannot be used; "" if it can
    ms, cpu_ms    wall time of a picture on the engine and on the CPU provider: the least of several, since
                  other programs only add to it
    core_ms, cpu_core_ms  processor time of all threads for it, medians
    worst         largest difference from the CPU provider's residual, in code values
    open_ms       to open it for a mixture, and to compare
    is_absent     all is well with it, but this machine has no device for it
    """

    engine: str
    fault: str = ""
    ms: float = 0.0
    core_ms: float = 0.0
    cpu_ms: float = 0.0
    cpu_core_ms: float = 0.0
    worst: int = 0
    open_ms: float = 0.0
    is_absent: bool = False

    @property
    def share(self) -> float:
        """Its time as a share of the CPU provider's: the greater of wall and processor time.

        Both must be less: spinning threads save wall time alone, and wall time is chance on a busy machine.
        """
        return max(self.ms / self.cpu_ms, self.core_ms / self.cpu_core_ms) if self.cpu_ms else 1.0

    @property
    def is_faster(self) -> bool:
        return not self.fault and self.share < FASTER

    @classmethod
    def read(cls, content: object) -> Self:
        """From JSON's values. Raises ValueError if they are none of a verdict."""
        kinds = {each.name: each.type for each in fields(cls)}
        if not isinstance(content, dict) or set(content) != set(kinds):
            raise ValueError("not a verdict")
        for key, value in content.items():
            is_number = type(value) in (int, float) and 0 <= value < LARGEST_NUMBER
            is_right = type(value) is kinds[key] if kinds[key] in (str, bool) else is_number
            if not is_right:
                raise ValueError(f"{key} of a verdict is {value!r}")
        return cls(**content)


def try_engine(
    name: str, spec: ModelSpec, folder: Path, size: Size, threads: int, patience_s: float = PATIENCE_S
) -> Verdict:
    """Try an engine in another process; takes a second or more. Whatever happens there is in the verdict."""
    words = [name, str(folder), spec.name, *map(str, size), str(threads)]
    command = [sys.executable, "-P", "-m", "vcam.restore.trial", *words]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return Verdict(name, f"it gave no answer within {patience_s:g} s")
    except OSError as error:
        return Verdict(name, f"it could not be tried: {error.strerror}")
    return read_answer(name, done.returncode, done.stdout, done.stderr)


def read_answer(name: str, code: int, output: str, errors: str) -> Verdict:
    """The verdict in what the process printed, after whatever libraries print; else why there is none."""
    if code < 0:
        return Verdict(name, f"it crashed when it was tried ({signal.Signals(-code).name})")
    try:
        return Verdict.read(json.loads(output.splitlines()[-1]))
    except (ValueError, IndexError):
        last = (errors.strip().splitlines() or ["no message"])[-1]
        return Verdict(name, f"it ended with code {code} when it was tried: {last[:200]}")


def measure_engine(name: str, spec: ModelSpec, folder: Path, size: Size, threads: int) -> Verdict:
    """Try an engine here; what it loads may end this process."""
    try:
        model = Model(spec, folder, Engine("cpu", threads))
        plain = model.alike
        engine = AdoptedEngine(name, spec, folder, threads)
        model.adopt(engine)
    except ModelError as error:
        return Verdict(name, str(error), is_absent=isinstance(error, NoDeviceError))
    cells = sample_cells(model, size)
    start = time.perf_counter()
    found = model.residual(cells)  # opens it, and compares
    open_ms = (time.perf_counter() - start) * 1e3
    if engine.health.fault:
        return Verdict(name, engine.health.fault)
    found, expected = model.residual(cells), plain.residual(cells)
    (ms, core_ms), (cpu_ms, cpu_core_ms) = time_in_turns([model.alike, plain], cells)
    return Verdict(name, "", ms, core_ms, cpu_ms, cpu_core_ms, farthest(found, expected), open_ms)


def sample_cells(model: Model, size: Size) -> Cells:
    """Cells of a picture with areas, edges and grain; the same for the same size."""
    width, height = size
    rows, columns = np.ogrid[:height, :width]
    picture = 128 + 60 * np.sin(rows / 9) * np.cos(columns / 13) + 30 * ((rows // 40 + columns // 40) % 2)
    grain = np.random.default_rng(0).normal(0, 6, (height, width))
    return model.cells_of(np.clip(picture + grain, 16, 235).astype(np.uint8))


def time_in_turns(networks: list[Network], cells: Cells, runs: int = RUNS) -> list[tuple[float, float]]:
    """Milliseconds of wall time, the least, and of processor time, the median, of each network."""
    taken: list[list[tuple[float, float]]] = [[] for _ in networks]
    for _ in range(runs):
        for times, network in zip(taken, networks, strict=True):
            start, core = time.perf_counter(), time.process_time()
            network.residual(cells)
            times.append(((time.perf_counter() - start) * 1e3, (time.process_time() - core) * 1e3))
    return [(min(ms for ms, _ in times), float(np.median([core for _, core in times]))) for times in taken]


def end_with_parent() -> None:
    """Have Linux end this process with the thread that waits for it, as at the end of a camera."""
    with suppress(OSError, AttributeError):  # another system, where it ends by itself
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(words: list[str]) -> int:
    """The other process. Standard output is its answer's alone from here on; libraries may print."""
    name, folder, model, width, height, threads = words
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's, which ends this one
    end_with_parent()
    os.nice(NICENESS)
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        spec = read_manifest(Path(folder))[model]
        verdict = measure_engine(name, spec, Path(folder), (int(width), int(height)), int(threads))
    except VcamError as error:
        verdict = Verdict(name, str(error))
    with answer:
        print(json.dumps(asdict(verdict)), file=answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
