"""Losses are summed in float32, whatever the networks computed in."""

import torch
from torch import Tensor


def widen(values: Tensor) -> Tensor:
    """float16 and bfloat16 as float32; float32 and float64 as they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
