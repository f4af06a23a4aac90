"""What each engine takes for one picture: `sharpkd bench --engines`."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

from vcam.camera.parts import folder_of
from vcam.commands.options import read_config
from vcam.config import Config
from vcam.errors import ConfigError, ModelError
from vcam.manifest import ModelSpec, read_manifest
from vcam.paths import verdict_cache
from vcam.restore import Engine, Model, has_nvidia_driver
from vcam.restore.plugins import PLUGINS, find_gap, list_installed
from vcam.restore.trial import Verdict, sample_cells, time_in_turns
from vcam.restore.verdicts import Case, Verdicts, describe_machine, fastest

CPU = "cpu"
GPUS = ("cuda", "tensorrt")
AUTO = "auto"


def run(args: argparse.Namespace) -> int:
    config = read_config(args)
    specs = read_manifest(folder_of(config))
    if config.model not in (AUTO, *specs):
        raise ConfigError(f"--model: no model {config.model!r}; choose one of: {', '.join(specs)}, or auto")
    chosen = [spec for name, spec in specs.items() if config.model in (AUTO, name)]
    deadline_s = time.monotonic() + args.seconds
    found = {spec.name: list(measure(spec, config, lambda: time.monotonic() < deadline_s)) for spec in chosen}
    if not args.json:
        print_table(found, config)
    print(json.dumps(as_json(found, config)))
    return 0


def measure(spec: ModelSpec, config: Config, has_time: Callable[[], bool]) -> Iterator[Verdict]:
    """Verdicts of all engines for one model: of the CPU provider always, of others while there is time."""
    folder = folder_of(config)
    model = Model(spec, folder, Engine(CPU, config.threads))
    yield measure_own(CPU, model, model, config)
    case = Case(spec, folder, config.size, model.threads)
    verdicts = Verdicts(verdict_cache())
    for name in GPUS if has_nvidia_driver() else ():
        if has_time():
            yield measure_gpu(name, spec, model, config)
    for name in list_installed():
        if has_time():
            yield verdicts.renew(name, case)


def measure_gpu(name: str, spec: ModelSpec, plain: Model, config: Config) -> Verdict:
    """The verdict on one of ONNX Runtime's own GPU providers."""
    try:
        model = Model(spec, folder_of(config), Engine(name, config.threads, is_gpu_required=True))
        return measure_own(name, model, plain, config)
    except ModelError as error:
        return Verdict(name, str(error))


def measure_own(name: str, model: Model, plain: Model, config: Config) -> Verdict:
    """The verdict on one of ONNX Runtime's own providers, beside a model on its CPU provider."""
    cells = sample_cells(plain, config.size)
    model.residual(cells)  # a first run is slow
    networks = [model.alike] if model is plain else [model.alike, plain.alike]
    times = time_in_turns(networks, cells)
    (ms, core_ms), (cpu_ms, cpu_core_ms) = times[0], times[-1]
    return Verdict(name, "", ms, core_ms, cpu_ms, cpu_core_ms)


def print_table(found: dict[str, list[Verdict]], config: Config) -> None:
    width, height = config.size
    titles = f"{'core time':>9} {'of cpu':>7} {'differs':>8} {'opens':>9}"
    print(f"{'model':8} {'engine':13} {width}x{height:<6} {titles}")
    for model, verdicts in found.items():
        best = fastest(verdicts)
        for each in verdicts:
            if each.fault:
                print(f"{model:8} {each.engine:13} not used: {each.fault}")
                continue
            share = f"{each.share:7.2f}" if each.engine != CPU else f"{1:7.2f}"
            opens = f"{each.open_ms:6.0f} ms" if each.open_ms else f"{'':9}"
            chosen = "  auto" if (each is best if best else each.engine == CPU) else ""
            times = f"{each.ms:7.2f} ms {each.core_ms:6.2f} ms"
            print(f"{model:8} {each.engine:13} {times} {share} {each.worst:8} {opens}{chosen}")
    for line in sorted({gap for name in PLUGINS if (gap := find_gap(name))}):
        print(line)


def as_json(found: dict[str, list[Verdict]], config: Config) -> dict[str, object]:
    return {
        "size": f"{config.size[0]}x{config.size[1]}",
        "machine": describe_machine().partition(" fpu")[0],
        "models": {name: [asdict(each) for each in verdicts] for name, verdicts in found.items()},
    }
