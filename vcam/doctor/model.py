"""Whether this machine can run the model in time, and on what."""

import math
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass

from vcam.camera.effort import budget_of
from vcam.camera.model_choice import AUTO
from vcam.camera.parts import load_model
from vcam.config import Config
from vcam.doctor.case import Case, Finding, ok, problem, warning
from vcam.doctor.load import Load, measure_load
from vcam.doctor.machine import Machine
from vcam.errors import ModelError
from vcam.paths import verdict_cache
from vcam.restore import CPU_PROVIDER, Model, gpu_needs
from vcam.restore.plugins import list_installed
from vcam.restore.trial import Verdict
from vcam.restore.verdicts import Case as EngineCase
from vcam.restore.verdicts import Verdicts, describe, fastest

CHECK = "model"
NVIDIA = ("/dev/nvidia0", "/proc/driver/nvidia/version")
GPU_FIX = shlex.join([sys.executable, "-m", "pip", "install", "--upgrade", "onnxruntime-gpu[cuda,cudnn]"])
TRY_AGAIN = "sharpkd bench --engines"
WEIGHTS_FIX = "git checkout weights"
SMALLER = ((1280, 720), (640, 480))  # sizes that Firefox finds


@dataclass(frozen=True)
class Loaded:
    """A warm model: its name, which of ONNX Runtime's providers runs it, and for how long."""

    name: str
    provider: str
    warm_up_ms: float
    engines: tuple[Verdict, ...] = ()  # what is known of plugins' engines here


def load(config: Config) -> Loaded:
    """What the camera would use. Raises ModelError."""
    return describe_model(load_model(config), config)


def describe_model(model: Model, config: Config) -> Loaded:
    """A model as the check wants it; engines that were never tried are left out."""
    case = EngineCase(model.spec, model.folder, config.size, model.threads)
    known = (Verdicts(verdict_cache()).read(name, case) for name in list_installed())
    return Loaded(model.spec.name, model.provider, model.warm_up_ms, tuple(filter(None, known)))


def check_model(
    case: Case,
    load: Callable[[Config], Loaded] = load,
    others: Callable[[Machine, set[int]], Load] = measure_load,
) -> list[Finding]:
    try:
        model = load(case.config)
    except ModelError as error:
        return [problem(CHECK, str(error), _restore_weights(str(error), case.config))]
    speed = judge_speed(model, case.config, lambda: others(case.machine, {case.pid} if case.pid else set()))
    return [*speed, *judge_provider(case, model), *judge_engines(case, model)]


def _restore_weights(error: str, config: Config) -> str:
    """The command, where the published folder itself is broken; none where something else is asked for."""
    return WEIGHTS_FIX if WEIGHTS_FIX in error and not config.weights else ""


def judge_speed(model: Loaded, config: Config, others: Callable[[], Load]) -> list[Finding]:
    """Whether the model keeps up; if not, whether the machine is too slow or busy with other programs."""
    period_ms = 1000 / config.fps
    width, height = config.size
    found = (
        f"{model.name} takes {model.warm_up_ms:.1f} ms a frame of {width}x{height} on {model.provider},"
        f" of {period_ms:.1f} ms that {config.fps} fps leave"
    )
    most_ms = budget_of(config).wall_ms
    if model.warm_up_ms <= most_ms:
        return [ok(CHECK, found)]
    message = f"{found}; expected at most {most_ms:.1f} ms: in a call pictures may be left out"
    load = others()
    if load.is_busy:
        cause = f"other programs use {load.cores:.1f} of {load.of} cores, most of all {load.busiest}"
        return [warning(CHECK, f"{message}. But {cause}: close what you can, then run sharpkd doctor again")]
    return [warning(CHECK, message, _hasten(config))]


def _hasten(config: Config) -> str:
    """What makes restoring cheaper: the model that the machine can follow, then a smaller picture."""
    if config.model != AUTO:
        return "sharpkd set model auto --save"
    smaller = next((size for size in SMALLER if math.prod(size) < math.prod(config.size)), None)
    return f"sharpkd set size {smaller[0]}x{smaller[1]} --save && sharpkd restart" if smaller else ""


def judge_provider(case: Case, model: Loaded) -> list[Finding]:
    """Whether a GPU lies idle; a GPU of another make than NVIDIA's is none that can be used."""
    if model.provider != CPU_PROVIDER or case.config.provider == "cpu":
        return []
    if not case.machine.find(*NVIDIA):
        return []
    message = f"there is an NVIDIA GPU, but ONNX Runtime uses the CPU; it needs {gpu_needs()}"
    return [warning(CHECK, message, GPU_FIX)]


def judge_engines(case: Case, model: Loaded) -> list[Finding]:
    """What would be faster, by what was measured here, and which installed engine cannot be used."""
    found = [
        warning(CHECK, f"the engine {each.engine} is installed and not used: {each.fault}", TRY_AGAIN)
        for each in model.engines
        if each.fault and case.config.provider in ("auto", each.engine)
        if case.config.provider == each.engine or not each.is_absent
    ]
    best = fastest(model.engines)
    if best and model.provider == CPU_PROVIDER:
        message = f"{model.name} takes {best.share:.0%} of its time on {best.engine}: {describe(best)}"
        return [*found, warning(CHECK, message, "sharpkd set provider auto --save")]
    return found
