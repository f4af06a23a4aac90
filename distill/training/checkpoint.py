"""Checkpoints on disk: written atomically, read without executing anything in them."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from distill.recipe import Recipe, recipe_from_json, training_identity
from vcam.errors import ConfigError, ModelError

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


def set_aside(path: Path) -> Path:
    """Rename a checkpoint instead of overwriting it: it may hold hours of training. Returns its new path."""
    number = 1 + len(list(path.parent.glob(f"{path.stem}-*{path.suffix}")))
    kept = path.with_name(f"{path.stem}-{number}{path.suffix}")
    os.replace(path, kept)
    return kept


def is_checkpoint_of(recipe: Recipe, state: State) -> bool:
    """Whether a run of this recipe can resume from a checkpoint; not if an older version wrote other keys."""
    try:
        return training_identity(recipe_from_json(state["recipe"])) == training_identity(recipe)
    except (KeyError, ConfigError):
        return False
