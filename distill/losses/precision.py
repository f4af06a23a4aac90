"""Losses are computed in float32, whatever the precision of the networks."""

import torch
from torch import Tensor


def widen(values: Tensor) -> Tensor:
    """Convert float16 and bfloat16 to float32; keep float32 and float64."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
