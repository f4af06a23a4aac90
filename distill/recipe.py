"""A recipe: everything that decides what a training run makes, read from NAME.toml in a folder `recipes`."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from vcam.errors import ConfigError

FOLDER = Path(__file__).parent
RECIPES, TEACHERS = "**/recipes/*.toml", "**/recipes/teachers/*.toml"
PUBLISH = ("record", "camera", "look")
Option = int | float | str | bool
OPTION_TYPES = ("int", "float", "str", "bool")  # as pydantic names them in the place of a mistake
UNKNOWN_KEY = "unexpected_keyword_argument"  # as pydantic names the mistake


@dataclass(frozen=True)
class Network:
    """A network of distill.catalogue, and its constructor's arguments: the table's other keys."""

    name: str = "cellnet"
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """How many samples are made, and of what."""

    source: str = "calls"  # one of distill.catalogue.SOURCES
    shards: int = 200  # of 32 clips each
    held_shards: int = 6
    side: int = 384  # of the pictures that are degraded, in pixels
    kept: int = 256  # of the windows that are kept of them
    frames: int = 9  # consecutive ones a clip
    seed: int = 1
    holdout: int = 20  # every Nth file is kept for validation
    degradation: str = ""  # of sharp stills: one of distill.studies.damage.DEGRADATIONS
    pattern: str = ""  # "*.png|face*": the files whose names match, if any does; else all
    stand_in: str = ""  # what the files of that pattern are, where they stand for a set that is not there
    luma: bool = False  # of stills: one plane instead of R, G and B; calls and webcams are luma always


@dataclass(frozen=True)
class Distillation:
    """Whom the student learns from besides the truth; a teacher is a recipe of its own."""

    teachers: tuple[str, ...] = ()  # recipes; each weighs only where it beats the student
    losses: Mapping[str, float] = field(default_factory=dict)  # of distillation and features, by weight
    # whether each teacher restores every training sample once, and its answer is kept beside the truth; for
    # losses of the output alone. Else it restores each crop of each batch
    cached: bool = False
    # whether a teacher's answer is the mean over the eight flips and turns of a picture: at eight times the
    # cost better by a tenth of a dB; see distill.training.objective.Teacher
    symmetric: bool = False


@dataclass(frozen=True)
class Training:
    """How a network learns."""

    iterations: int = 60_000
    batch: int = 16
    crop: int = 128  # pixels
    learning_rate: float = 1e-3  # the peak
    schedule: str = "cosine"  # to zero after a short warm-up; or "plateau": halved when validation stalls
    patience: int = 0  # validations without a better one before it stops early; 0 never
    precision: str = "fp32"  # or "bf16", "fp16" (on a GPU): of the forward pass, under autocast
    clip: float = 1.0  # of the gradient's norm
    ema: float = 0.999  # decay of the averaged weights, which are what is shipped
    seed: int = 0
    # a recipe of the same network, trained already, whose weights it starts from; "published": the camera's
    # model of this recipe's name; "published NAME": its model of that name
    start: str = ""
    frozen: tuple[str, ...] = ()  # submodules of the network that stay as they were at the start
    check_every: int = 1000  # iterations between validations and checkpoints


@dataclass(frozen=True)
class Claim:
    """What a published system says of itself, and the measured figure that answers it.

    metric of the recipe's own held-out samples, a key of their scores: "ssim_rgb", "mse" of the student's
    pictures against the truth; "teacher.ssim_rgb" of its first teacher's; "against_teacher.ssim_rgb" of the
    student's against the teacher's; or of the machine: "fps 1920x1080", of another recipe's network
    "cifar-tiny-teacher fps 1920x1080". Empty: nothing measured answers it.
    """

    what: str
    claimed: str  # "0.91", "> 0.9", "35 to 40 fps": the first number is what must be reached
    metric: str = ""
    why: str = ""  # a sentence on why the found figure differs, for the report


@dataclass(frozen=True)
class Recipe:
    """One system: a network, what it learns from, and how."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)  # of all tables in it

    name: str
    title: str = ""
    network: Network = field(default_factory=Network)
    data: Data = field(default_factory=Data)
    losses: Mapping[str, float] = field(default_factory=lambda: {"relative_mse": 1.0})
    distillation: Distillation = field(default_factory=Distillation)
    training: Training = field(default_factory=Training)
    claims: tuple[Claim, ...] = ()
    # weights/recipes, with what was measured; or "camera": the daemon's models; or "look": the second look of
    # the daemon's model that it was started from
    publish: str = PUBLISH[0]


_RECIPE = TypeAdapter(Recipe)


def list_recipes() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob(RECIPES))


def list_teachers() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob(TEACHERS))


def load_recipe(name: str) -> Recipe:
    """Read a recipe or a teacher by name, or from a path that ends in .toml.

    Raises ConfigError on anything unknown, missing, of another type or out of its range.
    """
    path = _find(name)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        names = ", ".join([*list_recipes(), *list_teachers()])
        raise ConfigError(f"no recipe {name!r}; choose one of: {names}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    network = content.get("network")
    if isinstance(network, dict):  # all keys but the name are for the network's constructor
        options = {key: value for key, value in network.items() if key != "name"}
        content["network"] = {key: network[key] for key in network if key == "name"} | {"options": options}
    recipe = _read({"name": path.stem} | content, str(path))
    _check_ranges(recipe, str(path))
    return recipe


def recipe_from_json(text: str) -> Recipe:
    """A recipe as a checkpoint keeps it, `json.dumps(asdict(recipe))`; ConfigError as for a file."""
    return _read(json.loads(text), "checkpoint")


def training_identity(recipe: Recipe) -> Recipe:
    """The recipe without what does not change the weights that it makes.

    Where validations steer the run, by a plateau, patience or gates, their distance is part of it.
    """
    training = recipe.training
    if training.schedule == "cosine" and not training.patience and not recipe.distillation.teachers:
        training = replace(training, check_every=Training.check_every)
    return replace(recipe, title="", claims=(), publish="", training=training)


def _find(name: str) -> Path:
    if name.endswith(".toml"):
        return Path(name)
    found = [path for pattern in (TEACHERS, RECIPES) for path in FOLDER.glob(pattern) if path.stem == name]
    return found[0] if found else FOLDER / "recipes" / f"{name}.toml"


def _read(content: object, where: str) -> Recipe:
    """Check a TOML or JSON value against the type hints above; tables become dataclasses, arrays tuples.

    where   the file, for the error

    Raises ConfigError for the first mistake.
    """
    try:
        # as JSON: the strict rules of Python's own values know no tuple but a tuple
        return _RECIPE.validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        # a key that is not known is told first: what is missing may be what it was meant to be
        mistake = min(error.errors(), key=lambda each: each["type"] != UNKNOWN_KEY)
        raise ConfigError(_say(mistake, where)) from None


def _say(mistake: ErrorDetails, where: str) -> str:
    path = [str(part) for part in mistake["loc"] if part not in OPTION_TYPES]
    place = " ".join([where, *path[:-1]])
    if mistake["type"] == UNKNOWN_KEY:
        return f"{place} has no key {path[-1]!r}; expected some of: {', '.join(_keys_of(path[:-1]))}"
    if mistake["type"] == "missing":
        return f"{place} lacks {path[-1]}"
    expected = mistake["msg"].replace("Input should be", "expected").replace("an object", "a table")
    return f"{' '.join([where, *path])} = {mistake['input']!r}; {expected}"


def _keys_of(path: Sequence[str]) -> list[str]:
    """The keys of the table at a path of keys and numbers."""
    kind: Any = Recipe
    for part in path:
        kind = get_args(kind)[0] if part.isdecimal() else get_type_hints(kind)[part]
    return [field.name for field in fields(kind)]


def _check_ranges(recipe: Recipe, where: str) -> None:
    data, training = recipe.data, recipe.training
    positive = (
        ("data", data, ("shards", "held_shards", "side", "kept", "frames", "holdout")),
        ("training", training, ("iterations", "batch", "crop", "check_every", "learning_rate", "clip")),
    )
    for table, values, names in positive:
        for name in names:
            if not getattr(values, name) > 0:  # so written, nan is refused too
                raise ConfigError(f"{where} {table} {name} = {getattr(values, name)}; expected more than 0")
    if data.kept > data.side:
        raise ConfigError(f"{where} data kept = {data.kept}; expected at most its side, {data.side}")
    if not 0 <= training.ema < 1:
        raise ConfigError(f"{where} training ema = {training.ema}; expected 0 or more, and less than 1")
    if recipe.publish == "look" and not training.start:
        raise ConfigError(f'{where} publish = "look" needs [training] start: the recipe whose look it is')
    if recipe.publish not in PUBLISH:
        raise ConfigError(f"{where} publish = {recipe.publish!r}; choose one of: {', '.join(PUBLISH)}")
