"""Whether this machine can run the model in time, and on what."""

import math
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass

from vcam.camera.model_choice import AUTO, BUDGET
from vcam.camera.parts import load_model
from vcam.config import Config
from vcam.doctor.case import Case, Finding, ok, problem, warning
from vcam.doctor.load import Load, measure_load
from vcam.doctor.machine import Machine
from vcam.errors import ModelError
from vcam.restore import CPU_PROVIDER, gpu_needs

CHECK = "model"
NVIDIA = ("/dev/nvidia0", "/proc/driver/nvidia/version")
GPU_FIX = shlex.join([sys.executable, "-m", "pip", "install", "--upgrade", "onnxruntime-gpu[cuda,cudnn]"])
WEIGHTS_FIX = "git checkout weights"
SMALLER = ((1280, 720), (640, 480))  # sizes that Firefox finds


@dataclass(frozen=True)
class Loaded:
    """A warm model: its name, which of ONNX Runtime's providers runs it, and for how long."""

    name: str
    provider: str
    warm_up_ms: float


def load(config: Config) -> Loaded:
    """What the camera would use. Raises ModelError."""
    model = load_model(config)
    return Loaded(model.spec.name, model.provider, model.warm_up_ms)


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
    return [*speed, *judge_provider(case, model)]


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
    if model.warm_up_ms <= BUDGET * period_ms:
        return [ok(CHECK, found)]
    message = f"{found}; expected at most {BUDGET * period_ms:.1f} ms: in a call pictures may be left out"
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
