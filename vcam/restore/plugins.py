"""Engines that are installed beside ONNX Runtime: its plugin execution providers, and their devices."""

import functools
import importlib
import importlib.util
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any

import onnxruntime

from vcam.errors import ModelError

_registering = threading.Lock()


class NoDeviceError(ModelError):
    """All is well with an engine, but this machine has no device for it."""


@dataclass(frozen=True)
class Plugin:
    """One engine: a device of a plugin.

    package        what is imported: it has get_library_path() and get_ep_name()
    distributions  under which names pip installs it
    device         CPU, GPU or NPU
    precision      of the model's file: int8 where the engine computes in it, else fp32
    """

    package: str
    distributions: tuple[str, ...]
    device: str
    precision: str = "fp32"

    @property
    def is_installed(self) -> bool:
        """Whether there is anything of this package, whole or not."""
        try:
            return importlib.util.find_spec(self.package) is not None
        except (ImportError, ValueError):  # half removed, or put there by something else
            return True

    @property
    def version(self) -> str:
        for name in self.distributions:
            try:
                return version(name)
            except PackageNotFoundError:
                continue
        return "unknown"


_OPENVINO = ("onnxruntime_ep_openvino", ("onnxruntime-ep-openvino",))
_RTX = ("onnxruntime-ep-nv-tensorrt-rtx-cu13", "onnxruntime-ep-nv-tensorrt-rtx-cu12")

PLUGINS: Mapping[str, Plugin] = MappingProxyType(
    {
        "openvino": Plugin(*_OPENVINO, "CPU", "int8"),
        "openvino-gpu": Plugin(*_OPENVINO, "GPU", "int8"),
        "openvino-npu": Plugin(*_OPENVINO, "NPU", "int8"),
        "tensorrt-rtx": Plugin("onnxruntime_ep_nv_tensorrt_rtx", _RTX, "GPU"),
        "webgpu": Plugin("onnxruntime_ep_webgpu", ("onnxruntime-ep-webgpu",), "GPU"),
    }
)
EXTRA = {"openvino": "openvino"}  # of setup.cfg, by the first word of an engine's name


def list_installed() -> list[str]:
    """The engines whose package is there; whether it works is another question."""
    return [name for name, plugin in PLUGINS.items() if plugin.is_installed]


def how_to_install_plugin(name: str) -> str:
    """The command for an engine's package."""
    extra = EXTRA.get(name.partition("-")[0])
    what = f"'sharpkd-camera[{extra}]'" if extra else PLUGINS[name].distributions[0]
    return f"pip install {what}"


def find_gap(name: str) -> str:
    """How to get an engine that is not installed; "" for one that is."""
    if PLUGINS[name].is_installed:
        return ""
    return f"not installed: {PLUGINS[name].package.replace('_', '-')} ({how_to_install_plugin(name)})"


def find_device(name: str) -> Any:
    """Register an engine's library with ONNX Runtime, and return the OrtEpDevice to open sessions on.

    A library that is broken may end the process: see vcam.restore.trial, which asks another process first.

    Raises ModelError if the package is missing or not whole, or if this ONNX Runtime cannot load its library;
    NoDeviceError if the library offers no such device here.
    """
    plugin = PLUGINS[name]
    if not plugin.is_installed:
        raise ModelError(f"{plugin.package} is not installed; run: {how_to_install_plugin(name)}")
    with _registering:
        provider = _register(plugin.package)
    found = [device for device in onnxruntime.get_ep_devices() if device.ep_name == provider]
    for device in found:
        if device.device.type.name == plugin.device:
            return device
    raise NoDeviceError(
        f"{plugin.distributions[0]} {plugin.version} offers no {plugin.device} on this machine"
        f"{_describe_cpu() if plugin.device == 'CPU' else ''}"
    )


def _describe_cpu() -> str:
    """Whose processor ONNX Runtime sees: OpenVINO's plugin 1.8 takes Intel's alone."""
    vendors = {device.device.vendor for device in onnxruntime.get_ep_devices()}
    return f" (processor by {', '.join(sorted(vendors))})" if any(vendors) else ""


@functools.cache
def _register(package: str) -> str:
    """Register a package's library, once in a process; returns its provider's name. Raises ModelError."""
    fix = f"run: pip install --force-reinstall {package.replace('_', '-')}"
    try:
        module = importlib.import_module(package)
        path, provider = module.get_library_path(), str(module.get_ep_name())
    except Exception as error:  # a package that is not whole may raise anything
        raise ModelError(f"{package} is not whole: {error!r}; {fix}") from None
    try:
        onnxruntime.register_execution_provider_library(package, path)
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        found = f"ONNX Runtime {onnxruntime.__version__} cannot load {path}: {error}"
        raise ModelError(f"{found}; {fix}") from None
    return provider
