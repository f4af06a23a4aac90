"""Checkpoints on disk: written atomically, read without executing anything in them."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from vcam.errors import ModelError

State = dict[str, Any]  # tensors, numbers and strings by name


def read_checkpoint(path: Path) -> State:
    """Read a checkpoint to the CPU; empty if there is none. Raises ModelError if it is damaged."""
    try:
        state: State = torch.load(path, weights_only=True, map_location="cpu")
    except FileNotFoundError:
        return {}
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{path} is damaged: {reason}. Remove it to start from scratch") from None
    return state


def write_checkpoint(path: Path, state: State) -> None:
    """Write to a temporary name, then rename."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)
