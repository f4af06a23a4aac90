"""A recipe: all settings of a training run, read from NAME.toml in a `recipes` folder."""

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
OPTION_TYPES = ("int", "float", "str", "bool")  # as pydantic names them in an error's location
UNKNOWN_KEY = "unexpected_keyword_argument"  # pydantic's error type


@dataclass(frozen=True)
class Network:
    """A network of distill.catalogue; the other keys of the table are its constructor's arguments."""

    name: str = "cellnet"
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """Which samples are made, and how many."""

    source: str = "calls"  # one of distill.catalogue.SOURCES
    shards: int = 200  # of 32 clips each
    held_shards: int = 6
    side: int = 384  # of the degraded pictures, in pixels
    kept: int = 256  # of the windows cut out of them and stored, in pixels
    frames: int = 9  # consecutive frames in a clip
    seed: int = 1
    holdout: int = 20  # every Nth file is held out for validation
    degradation: str = ""  # of sharp stills: one of distill.studies.damage.DEGRADATIONS
    pattern: str = ""  # such as "*.png|face*": use the files that match; all files if none does
    stand_in: str = ""  # description of these files where they replace a data set that is not available
    bundled: bool = False  # mix in the bundled clip, as a quarter of the clips, so that nothing is forgotten
    luma: bool = False  # for stills: luma instead of R, G and B; calls and webcams are always luma


@dataclass(frozen=True)
class Distillation:
    """The teachers of a student and the losses against them; each teacher has a recipe of its own."""

    teachers: tuple[str, ...] = ()  # recipes; a teacher counts only where it beats the student
    losses: Mapping[str, float] = field(default_factory=dict)  # distillation and feature losses: weight
    # restore each training sample once with each teacher and store the outputs beside the shards; for losses
    # on the output only. Otherwise the teachers run on each crop of each batch
    cached: bool = False
    # average a teacher's output over the eight flips and rotations of a picture: eight times the cost for
    # about 0.1 dB; see distill.training.objective.Teacher
    symmetric: bool = False


@dataclass(frozen=True)
class Training:
    """How a network learns."""

    iterations: int = 60_000
    batch: int = 16
    crop: int = 128  # pixels
    learning_rate: float = 1e-3  # peak
    schedule: str = "cosine"  # to zero after a short warm-up; or "plateau": halved when the gain stalls
    patience: int = 0  # validations without improvement before an early stop; 0: never stop early
    precision: str = (
        "fp32"  # or "bf16" (with AMX, or on a GPU), "fp16" (on a GPU): of the forward pass, by autocast
    )
    clip: float = 1.0  # of the gradient's norm
    ema: float = 0.999  # decay of the moving average of the weights, which is what ships
    seed: int = 0
    # warm start: a trained recipe with the same network; "published": the camera's published model of this
    # recipe's name; "published:NAME": its published model of that name
    start: str = ""
    frozen: tuple[str, ...] = ()  # submodules that are not trained
    check_every: int = 1000  # iterations between validations and checkpoints


@dataclass(frozen=True)
class Confidence:
    """How a confidence is fitted to a model of the camera, see distill.publish.confidence_net."""

    lean: float = 0.0  # 0..1: by how much less is added of what is neither all nor nothing, faithful look


@dataclass(frozen=True)
class Claim:
    """A figure that a published system claims, and the metric that it is compared with.

    metric  a score on the recipe's held-out samples: "ssim_rgb" or "mse" of the student's output against the
            truth, "teacher.ssim_rgb" of its first teacher's output against the truth,
            "against_teacher.ssim_rgb" of the student's output against the teacher's; or a speed:
            "fps 1920x1080", or "cifar-tiny-teacher fps 1920x1080" for another recipe's network.
            Empty: not measured
    """

    what: str
    claimed: str  # "0.91", "> 0.9", "35 to 40 fps": the first number must be reached
    metric: str = ""
    why: str = ""  # for the report: why the measured figure differs


@dataclass(frozen=True)
class Recipe:
    """One training run: network, data, losses, teachers, schedule, and where the result is published."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)  # of all tables in it

    name: str
    title: str = ""
    network: Network = field(default_factory=Network)
    data: Data = field(default_factory=Data)
    losses: Mapping[str, float] = field(default_factory=lambda: {"relative_mse": 1.0})
    crisp_losses: Mapping[str, float] = field(default_factory=dict)  # of the second look, with looks = 2
    distillation: Distillation = field(default_factory=Distillation)
    training: Training = field(default_factory=Training)
    confidence: Confidence = field(default_factory=Confidence)
    claims: tuple[Claim, ...] = ()
    look: str = ""  # the recipe of its crisp look, which is trained after it and published with it
    # "record": network and scores go to weights/recipes; "camera": a model of the camera; "look": the crisp
    # look of the camera's model that this recipe starts from
    publish: str = PUBLISH[0]


_RECIPE = TypeAdapter(Recipe)


def list_recipes() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob(RECIPES))


def list_teachers() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob(TEACHERS))


def load_recipe(name: str) -> Recipe:
    """Read a recipe or a teacher by name, or from a path that ends in .toml.

    Raises ConfigError for anything unknown, missing, of the wrong type or out of range.
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
    if isinstance(network, dict):  # other keys go to the network's constructor
        options = {key: value for key, value in network.items() if key != "name"}
        content["network"] = {key: network[key] for key in network if key == "name"} | {"options": options}
    recipe = _read({"name": path.stem} | content, str(path))
    _check_ranges(recipe, str(path))
    return recipe


def recipe_from_json(text: str) -> Recipe:
    """Read a recipe from a checkpoint, `json.dumps(asdict(recipe))`; raises ConfigError as for a file."""
    return _read(json.loads(text), "checkpoint")


def training_identity(recipe: Recipe) -> Recipe:
    """The recipe without the settings that do not affect the trained weights.

    `check_every` affects them only where validations do: through a plateau, patience or gates.
    """
    training = recipe.training
    if training.schedule == "cosine" and not training.patience and not recipe.distillation.teachers:
        training = replace(training, check_every=Training.check_every)
    return replace(
        recipe, title="", claims=(), look="", publish="", training=training, confidence=Confidence()
    )


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
            if not getattr(values, name) > 0:  # written this way, nan is rejected too
                raise ConfigError(f"{where} {table} {name} = {getattr(values, name)}; expected more than 0")
    if data.kept > data.side:
        raise ConfigError(f"{where} data kept = {data.kept}; expected at most its side, {data.side}")
    if not 0 <= training.ema < 1:
        raise ConfigError(f"{where} training ema = {training.ema}; expected 0 or more, and less than 1")
    if not 0 <= recipe.confidence.lean <= 1:
        raise ConfigError(f"{where} confidence lean = {recipe.confidence.lean}; expected 0 to 1")
    if recipe.publish == "look" and not training.start:
        raise ConfigError(f'{where} publish = "look" needs [training] start: the recipe whose look it is')
    if recipe.publish not in PUBLISH:
        raise ConfigError(f"{where} publish = {recipe.publish!r}; choose one of: {', '.join(PUBLISH)}")
