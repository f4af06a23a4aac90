"""SharpKD Camera: restore a bandwidth-degraded picture and publish it as a virtual camera.

What is in `__all__` is for other programs, and described in docs/api.md; every other module is private and
may change at any time. Importing this loads nothing: a name brings its module when it is first used, and
ONNX Runtime comes with the first Sharpener.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vcam.api.live import Pair
    from vcam.api.sharpener import Sharpener, models
    from vcam.conversion.opencv import to_bgr
    from vcam.errors import ModelError, SinkError, SourceError, VcamError
    from vcam.frame import Frame

__all__ = [
    "Frame",
    "ModelError",
    "Pair",
    "Sharpener",
    "SinkError",
    "SourceError",
    "VcamError",
    "models",
    "to_bgr",
]

_HOMES = {
    "vcam.api.sharpener": ("Sharpener", "models"),
    "vcam.api.live": ("Pair",),
    "vcam.conversion.opencv": ("to_bgr",),
    "vcam.errors": ("ModelError", "SinkError", "SourceError", "VcamError"),
    "vcam.frame": ("Frame",),
}

# ONNX Runtime, from 1.29 on, reports models and sessions to its makers unless this is set before it is loaded
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


if not TYPE_CHECKING:  # else a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(module), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
