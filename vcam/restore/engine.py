"""What a model runs on: ONNX Runtime's providers, threads and sessions."""

import ctypes.util
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from vcam.errors import ModelError

GPU_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider")
CPU_PROVIDER = "CPUExecutionProvider"


@dataclass(frozen=True)
class Engine:
    """What to run a model on."""

    provider: str = "auto"  # auto, cpu, cuda or tensorrt
    threads: int = 0  # of the CPU provider; 0: one a core, at most 4
    is_gpu_required: bool = False


def thread_count(engine: Engine) -> int:
    """Threads that the CPU provider runs a model on: the user's, or one a core that we may use, at most 4."""
    if engine.threads:
        return engine.threads
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(4, allowed)


def providers_of(engine: Engine) -> list[str]:
    """ONNX Runtime's names of the providers to try, in order. Raises ModelError for an unknown one."""
    names = {
        "cpu": [CPU_PROVIDER],
        "cuda": ["CUDAExecutionProvider", CPU_PROVIDER],
        "tensorrt": [*GPU_PROVIDERS, CPU_PROVIDER],
        "auto": ["CUDAExecutionProvider", CPU_PROVIDER] if has_nvidia_driver() else [CPU_PROVIDER],
    }
    if engine.provider not in names:
        raise ModelError(f"no provider {engine.provider!r}; choose one of: {', '.join(names)}")
    available = onnxruntime.get_available_providers()
    return [name for name in names[engine.provider] if name in available]


def has_nvidia_driver() -> bool:
    """Whether NVIDIA's driver library is installed: without it, asking for CUDA only prints errors."""
    return ctypes.util.find_library("nvcuda" if sys.platform == "win32" else "cuda") is not None


def open_session(
    content: bytes,
    name: str,
    threads: int,
    providers: list[str],
    bound: Mapping[str, npt.NDArray[np.float32]] | None = None,
) -> Any:
    """Open an ONNX file's content.

    name    of the model, for the error
    bound   values of tensors that the file leaves open: what depends on them alone is computed now, once

    Raises ModelError if ONNX Runtime cannot load it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # beside a call, spinning threads take the cores that the call needs
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        if bound:
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in bound.values()]
            options.add_external_initializers(list(bound), values)
        return onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ModelError(f"cannot load the model {name!r}: {error}; run: make distill") from None
