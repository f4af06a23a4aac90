"""A recipe: everything that decides what a training run makes, read from distill/recipes/NAME.toml."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from vcam.errors import ConfigError

FOLDER = Path(__file__).parent / "recipes"
T = TypeVar("T")


@dataclass(frozen=True)
class Network:
    """The student's shape; see distill.networks.cellnet.CellNet."""

    cell: int = 4
    channels: int = 16
    depth: int = 2


@dataclass(frozen=True)
class Data:
    """How many pairs are made, and of what."""

    shards: int = 256  # of about 90 pairs each
    side: int = 384  # of a pair's pictures, in pixels
    seed: int = 1
    holdout: int = 20  # every so manieth file is kept for validation


@dataclass(frozen=True)
class Training:
    """How the student learns."""

    iterations: int = 60_000
    batch: int = 16
    crop: int = 128  # pixels
    learning_rate: float = 1e-3  # peak of a cosine with a short warm-up
    clip: float = 1.0  # of the gradient's norm
    ema: float = 0.999  # decay of the averaged weights, which are what is shipped
    seed: int = 0
    check_every: int = 1000  # iterations between validations and checkpoints


@dataclass(frozen=True)
class Recipe:
    """One published system."""

    name: str
    title: str = ""
    network: Network = field(default_factory=Network)
    data: Data = field(default_factory=Data)
    training: Training = field(default_factory=Training)


def list_recipes() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """Read a recipe by name, or from a path that ends in .toml. Raises ConfigError on anything unknown."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no recipe {name!r}; choose one of: {', '.join(list_recipes())}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    parts = {"network": Network, "data": Data, "training": Training}
    values: dict[str, Any] = {"name": path.stem}
    for key, value in content.items():
        values[key] = _read_part(parts[key], value, f"{path}: [{key}]") if key in parts else value
    return _read_part(Recipe, values, str(path))


def _read_part(kind: type[T], values: Any, where: str) -> T:
    """Fill a dataclass from a table; unknown keys and wrong types are refused."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where} = {values!r} is no table")
    known: dict[str, Any] = get_type_hints(kind)
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{where} has no key {key!r}; expected some of: {', '.join(known)}")
        expected = (int, float) if known[key] is float else known[key]
        if isinstance(value, bool) or not isinstance(value, expected):
            raise ConfigError(f"{where} {key} = {value!r} is no {known[key].__name__}")
    return kind(**values)
