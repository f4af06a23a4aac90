"""A processor that is not here: float32 sums that come out as they would in another order of their terms."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

# of the largest value of a result. AVX2, AVX-512 and the scalar code differ from each other by up to 5e-7;
# Winograd's transform, which ARM's libraries choose for some shapes, by a few times more
ROUNDING = 2e-6

SUMS = frozenset(
    {
        torch.conv2d,
        torch.einsum,
        torch.bmm,
        torch.matmul,
        F.linear,
        Tensor.matmul,
        Tensor.__matmul__,
        Tensor.__rmatmul__,
    }
)


class OtherSums(TorchFunctionMode):
    """While it is entered, convolutions and matrix products round as another processor's might.

    Like a processor's own rounding it depends on the shape of what is computed, and is the same each time.
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        is_sum = function in SUMS and result.dtype is torch.float32 and result.device.type == "cpu"
        if not is_sum or torch.jit.is_tracing():
            return result
        generator = torch.Generator().manual_seed(hash(tuple(result.shape)) % 2**63)
        noise = torch.rand(result.shape, generator=generator) * 2 - 1
        return result + ROUNDING * result.detach().abs().amax() * noise
