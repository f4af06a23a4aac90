"""An engine that a model's networks run on, beside ONNX Runtime's CPU provider."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_checked
from vcam.restore.cells import Cells
from vcam.restore.engine import CPU_PROVIDER, open_session, session_options
from vcam.restore.network import EngineHealth, Network, Run, WatchedNetwork
from vcam.restore.onnx_file import check_self_contained
from vcam.restore.plugins import PLUGINS, find_device
from vcam.restore.portable import make_portable

Bound = Mapping[str, npt.NDArray[np.float32]]

OPENVINO = "OpenVINOExecutionProvider"


class AdoptedEngine:
    """Opens a model's networks on an engine; each is watched, and goes on by the CPU provider if that fails.

    name     of the engine, a key of vcam.restore.plugins.PLUGINS
    share    its time for a picture, as a share of the CPU provider's
    device   the OrtEpDevice, if it is known already

    Raises ModelError if the engine is not there, or if the model has no file for it.
    """

    def __init__(
        self,
        name: str,
        spec: ModelSpec,
        folder: Path,
        threads: int,
        share: float = 1.0,
        device: Any = None,
    ) -> None:
        self.health = EngineHealth(name)
        self.precision = PLUGINS[name].precision
        if self.precision not in spec.files:
            raise ModelError(
                f"model {spec.name!r} has no {self.precision} file for {name}; run: make distill"
            )
        self._device = find_device(name) if device is None else device
        self._content = read_checked(folder, spec.files[self.precision])
        self._name = spec.name
        self._threads = threads
        self._share = share

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of it."""
        return str(self._device.ep_name)

    @property
    def is_on_cores(self) -> bool:
        """Whether it computes on the processor's own cores."""
        return PLUGINS[self.health.name].device == "CPU"

    def watch(self, standby: Network, bound: Bound) -> Network:
        """The network of a standby's weights on this engine.

        bound  values of the tensors that the file leaves open
        """
        expect = None if self.precision == "int8" else partial(self._run_floats_here, bound)
        return WatchedNetwork(standby, partial(self._open, bound), self.health, self._share, expect)

    def _open(self, bound: Bound, shape: tuple[int, ...]) -> Run:
        check_self_contained(self._content, self._name, frozenset(bound))
        if self.precision == "int8":
            return open_compiled(self._content, bound, shape, self._device, self._threads)
        options = session_options(self._threads)
        if bound:
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in bound.values()]
            options.add_external_initializers(list(bound), values)
        return _open_on(self._device, self._content, options, self._threads)

    def _run_floats_here(self, bound: Bound, cells: Cells) -> Cells:
        """What the CPU provider makes of the same file: a float network is no int8 one."""
        session = open_session(self._content, self._name, self._threads, [CPU_PROVIDER], bound)
        return session.run(None, {"cells": cells})[0]


def open_compiled(content: bytes, bound: Bound, shape: tuple[int, ...], device: Any, threads: int) -> Run:
    """Compile a shipped int8 file, its weights mixed, on a plugin's device.

    shape   of `cells`, the only one that it takes then
    device  an OrtEpDevice, as vcam.restore.plugins.find_device returns it
    """
    options = session_options(threads)
    # what is to be joined is the engine's to find: ONNX Runtime's own steps only move it about
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return _open_on(device, make_portable(content, bound, shape), options, threads)


def _open_on(device: Any, content: bytes, options: Any, threads: int) -> Run:
    options.add_provider_for_devices([device], engine_options(device, threads))
    session = onnxruntime.InferenceSession(content, options)
    return lambda cells: session.run(None, {"cells": cells})[0]


def engine_options(device: Any, threads: int) -> dict[str, str]:
    """A plugin's options. OpenVINO's own for threads leaves a stream's overhead: a fifth of `fast`'s time."""
    if not str(device.ep_name).startswith(OPENVINO) or device.device.type.name != "CPU":
        return {}
    cpu = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": str(threads), "NUM_STREAMS": "1"}
    return {"load_config": json.dumps({"CPU": cpu})}
