"""The restore stage: a bicubic base in uint8 plus the student's residual, by ONNX Runtime."""

from vcam.restore.adopted import AdoptedEngine
from vcam.restore.cells import ZERO_RESIDUAL, Cells, add_residual, from_cells, to_cells, to_strips
from vcam.restore.engine import (
    CPU_PROVIDER,
    Engine,
    gpu_needs,
    has_nvidia_driver,
    prepare_cache,
    thread_count,
)
from vcam.restore.model import Model, Network
from vcam.restore.restorer import MAX_OUTPUT, Restorer

__all__ = [
    "CPU_PROVIDER",
    "MAX_OUTPUT",
    "ZERO_RESIDUAL",
    "AdoptedEngine",
    "Cells",
    "Engine",
    "Model",
    "Network",
    "Restorer",
    "add_residual",
    "from_cells",
    "gpu_needs",
    "has_nvidia_driver",
    "prepare_cache",
    "thread_count",
    "to_cells",
    "to_strips",
]
