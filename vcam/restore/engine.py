"""What a model runs on: ONNX Runtime's providers, threads and sessions."""

import contextlib
import ctypes.util
import functools
import hashlib
import io
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime

from vcam.errors import ModelError
from vcam.restore.onnx_file import check_self_contained

log = logging.getLogger(__name__)

TENSORRT_PROVIDER = "TensorrtExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"
CACHED_ENGINES = 64  # files of some 10 MB at most

Bound: TypeAlias = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Engine:
    """What to run a model on."""

    provider: str = "auto"  # auto, cpu, cuda or tensorrt
    threads: int = 0  # of the CPU provider; 0: one a core, at most 4
    is_gpu_required: bool = False
    cache: Path | None = None  # where TensorRT keeps what took it minutes to build; None: nowhere


def thread_count(engine: Engine) -> int:
    """Threads that the CPU provider runs a model on: the user's, or one a core that we may use, at most 4."""
    if engine.threads:
        return engine.threads
    return min(4, len(os.sched_getaffinity(0)))


def providers_of(engine: Engine) -> list[str]:
    """ONNX Runtime's names of the providers to try, in order. Raises ModelError for an unknown one."""
    names = {
        "cpu": [CPU_PROVIDER],
        "cuda": [CUDA_PROVIDER, CPU_PROVIDER],
        "tensorrt": [TENSORRT_PROVIDER, CUDA_PROVIDER, CPU_PROVIDER],
        "auto": [CUDA_PROVIDER, CPU_PROVIDER] if has_nvidia_driver() else [CPU_PROVIDER],
    }
    if engine.provider not in names:
        raise ModelError(f"no provider {engine.provider!r}; choose one of: {', '.join(names)}")
    available = onnxruntime.get_available_providers()
    return [name for name in names[engine.provider] if name in available]


def has_nvidia_driver() -> bool:
    """Whether NVIDIA's driver library is installed: without it, asking for CUDA only prints errors."""
    return ctypes.util.find_library("cuda") is not None


def gpu_needs() -> str:
    """What ONNX Runtime needs for an NVIDIA GPU, in words."""
    cuda = str(getattr(onnxruntime, "cuda_version", "")).partition(".")[0] or "13"
    return (
        f"NVIDIA's driver, CUDA {cuda} and cuDNN 9 (the last two: pip install 'onnxruntime-gpu[cuda,cudnn]')"
    )


def open_session(
    content: bytes,
    name: str,
    threads: int,
    providers: list[str],
    bound: Bound | None = None,
    cache: Path | None = None,
) -> Any:
    """Open an ONNX file's content.

    name    of the model, for the error
    bound   values of tensors that the file leaves open: what depends on them alone is computed now, once
    cache   where TensorRT keeps its engines

    Raises ModelError if ONNX Runtime cannot load it, or if it would read other files.
    """
    check_self_contained(content, name, frozenset(bound or ()))
    if CUDA_PROVIDER in providers and has_nvidia_driver():
        _load_nvidia_libraries()
    options = session_options(threads)
    chosen = [(each, provider_options(each, content, bound or {}, cache)) for each in providers]
    try:
        if bound:
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in bound.values()]
            options.add_external_initializers(list(bound), values)
        with _stdout_in_log():  # where it falls back to another provider, ONNX Runtime prints
            return onnxruntime.InferenceSession(content, options, providers=chosen)
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ModelError(f"cannot load the model {name!r}: {error}; run: make distill") from None


def session_options(threads: int) -> Any:
    """What all sessions of a network have in common."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # beside a call, spinning threads take the cores that the call needs
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # an arena keeps what a session's largest run needs from all other steps; malloc keeps it for all of them
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 4
    return options


def prepare_cache(folder: Path, keep: int = CACHED_ENGINES) -> Path | None:
    """Make a folder for TensorRT's engines, or keep the newest of those in it; None where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted((entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(folder))
        for _, path in files[: max(0, len(files) - keep)]:
            os.unlink(path)
    except OSError as error:
        log.warning("TensorRT's engines are not kept, so each start builds them again: %s", error)
        return None
    return folder


def provider_options(provider: str, content: bytes, bound: Bound, cache: Path | None) -> dict[str, str]:
    """A provider's options. TensorRT names an engine in its cache by the graph's shape alone: other weights
    of the same graph, which is what another mixture is, must have a name of their own."""
    if provider != TENSORRT_PROVIDER or cache is None:
        return {}
    digest = hashlib.sha256(content)
    for name, value in sorted(bound.items()):
        digest.update(name.encode() + value.tobytes())
    return {
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(cache),
        "trt_engine_cache_prefix": digest.hexdigest()[:16],
        "trt_timing_cache_enable": "True",
        "trt_timing_cache_path": str(cache),
    }


@functools.cache
def _load_nvidia_libraries() -> None:
    """Load CUDA's and cuDNN's libraries from where pip puts them; by itself, ONNX Runtime does not."""
    with _stdout_in_log():
        onnxruntime.preload_dlls()


@contextlib.contextmanager
def _stdout_in_log() -> Iterator[None]:
    """Standard output belongs to the command's own answer, which may be JSON."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        yield
    for line in filter(None, said.getvalue().splitlines()):
        log.debug("ONNX Runtime: %s", line)
