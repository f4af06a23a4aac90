"""What weights/manifest.json promises about each published model."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_type_hints

from vcam.errors import ModelError
from vcam.regular import read_small

FILE_NAME = "manifest.json"
PACKAGE = Path(__file__).resolve().parent
SCHEMA = 1
CELLS = (1, 2, 4, 8)  # sides of a cell whose rows are machine words, see vcam.restore.to_cells
FUSED_CELL = 4  # side of the cells that frames are fused in, see vcam.restore.fusion
MIXTURE = "mixture"  # the tensor that a file of experts leaves open
MANIFEST_LIMIT = 1 << 20  # bytes; ours has 7,000
MODEL_LIMIT = 1 << 24  # bytes; a student has less than one million
LARGEST = 10**9  # of any number in a manifest
MOST_CHROMA = 2.0  # of a strength: more would not fit into the bytes of vcam.restore.chroma
LONGEST = 60  # of a value in a message, in characters
NAME = re.compile(r"[\w][\w.+-]{0,99}")  # of a model or a file: in the folder itself, and printable
T = TypeVar("T")
REMEDY = "restore the weights folder (git checkout weights) or run: make distill"


@dataclass(frozen=True)
class ModelFile:
    """One ONNX file of a model."""

    name: str
    sha256: str
    opset: int


@dataclass(frozen=True)
class ModelSpec:
    """One published model: its contract, its files and where it came from.

    Contract of the files "int8" and "fp32": input `cells` (1, H/cell, W/cell, cell*cell) uint8, the luma
    of the picture scaled to the output size, the pixels of a cell row by row as channels; output `residual`,
    the same shape and type: the correction in code values, plus 128. A model that is `fused` takes pictures
    that were fused over time, and four channels more in `cells`: what fusion knows of the cell, as
    vcam.restore.fusion.tell says it.

    A model of experts leaves the initialiser `mixture` (1, looks*experts) float32 open, to be bound when a
    session is opened: the share of each expert in the weights, look by look. Its file "gauge" says them:
    input `strips` (N, 3, W/cell, cell*cell) uint8, three rows of cells each; output `shares` (1, experts).
    Its chroma is cleaned by vcam.restore.chroma with the mean of `chroma` by these shares.

    A file "confidence", if there is one, says how much of a residual to add: input `figures` (1, FIGURES)
    float32, what vcam.restore.confidence computes of a picture and its residual; output `confidence`
    (1, looks) in 0..1.
    """

    name: str
    cell: int  # side of a cell in pixels
    macs_per_pixel: float
    files: Mapping[str, ModelFile]  # "int8", "fp32", "gauge", "confidence" -> file
    experts: int = 0  # sets of weights that are mixed for the damage at hand; 0: one, settled
    looks: int = 1  # 2: faithful, then crisp
    fused: bool = False  # takes pictures fused over time, and is told of it
    reach: int = 0  # cells around one that its residual depends on; 0: not known
    recipe: str = ""
    data: str = ""
    commit: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)
    chroma: tuple[float, ...] = ()  # each expert's strength of vcam.restore.chroma; none: left alone


def weights_folder(package: Path = PACKAGE) -> Path:
    """Where the shipped weights lie: inside the installed package, beside it in a checkout."""
    installed = package / "weights"
    return installed if (installed / FILE_NAME).exists() else package.parent / "weights"


def read_manifest(folder: Path) -> dict[str, ModelSpec]:
    """Read the models of a weights folder by name, in the manifest's order: best picture first.

    Raises ModelError if the manifest is missing, not JSON, of another schema, or if a value in it is not of
    its type or out of range.
    """
    return _read(folder, _read_specs)


def read_replaced(folder: Path) -> list[ModelSpec]:
    """The replaced versions of models, the last one first; raises ModelError as `read_manifest` does."""
    return _read(folder, _read_versions)


def _read(folder: Path, reader: Callable[[object], T]) -> T:
    path = folder / FILE_NAME
    try:
        content = json.loads(read_small(path, MANIFEST_LIMIT).decode())
    except FileNotFoundError:
        raise ModelError(f"no {path}; {REMEDY}") from None
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; {REMEDY}") from None
    except RecursionError:
        raise ModelError(f"cannot read {path}: it is nested too deeply; {REMEDY}") from None
    except ValueError as error:
        raise ModelError(f"cannot read {path}: {_shorten(str(error))}; {REMEDY}") from None
    try:
        return reader(content)
    except ValueError as error:
        raise ModelError(f"{path}: {error}; {REMEDY}") from None


def _read_versions(content: object) -> list[ModelSpec]:
    replaced = _table("the manifest", content).get("replaced", [])
    if not isinstance(replaced, list):
        raise ValueError(f"replaced is {_show(replaced)}, expected a list")
    return [_read_spec(entry) for entry in replaced]


def _read_specs(content: object) -> dict[str, ModelSpec]:
    table = _table("the manifest", content)
    if table.get("schema") != SCHEMA:
        raise ValueError(f"schema is {_show(table.get('schema'))}, expected {SCHEMA}")
    models = table.get("models")
    if not isinstance(models, list):
        raise ValueError(f"models is {_show(models)}, expected a list")
    specs = [_read_spec(entry) for entry in models]
    if len({spec.name for spec in specs}) < len(specs):
        raise ValueError("two models have the same name")
    return {spec.name: spec for spec in specs}


def _read_spec(entry: object) -> ModelSpec:
    values = _read_fields(ModelSpec, "a model", entry)
    if values["cell"] not in CELLS:
        raise ValueError(f"cell is {values['cell']}, expected one of {CELLS}")
    if values.get("fused") and values["cell"] != FUSED_CELL:
        raise ValueError(f"cell is {values['cell']} of a fused model, expected {FUSED_CELL}")
    chroma = values.get("chroma", ())
    if len(chroma) not in (0, values.get("experts", 0)):
        raise ValueError(f"chroma has {len(chroma)} strengths, expected one for each of the experts, or none")
    return ModelSpec(**values)


def _read_files(name: str, value: object) -> Mapping[str, ModelFile]:
    return {
        kind: ModelFile(**_read_fields(ModelFile, kind, file)) for kind, file in _table(name, value).items()
    }


def _read_fields(kind: type[ModelSpec] | type[ModelFile], name: str, value: object) -> dict[str, Any]:
    """A dataclass's fields from a table of JSON, each of its type. Raises ValueError with the reason."""
    table, hints = _table(name, value), get_type_hints(kind)
    unknown = sorted(set(table) - set(hints))
    if unknown:
        raise ValueError(f"{name} has no entry {_show(unknown[0])}, expected some of: {', '.join(hints)}")
    missing = {field.name for field in fields(kind) if field.default is field.default_factory is MISSING}
    if missing - set(table):
        raise ValueError(f"{name} lacks {', '.join(sorted(missing - set(table)))}")
    return {key: _READERS[hints[key]](key, entry) for key, entry in table.items()}


def _table(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {_show(value)}, expected a table")
    return value


def _read_text(name: str, value: object) -> str:
    if not isinstance(value, str) or (name == "name" and not NAME.fullmatch(value)):
        raise ValueError(
            f"{name} is {_show(value)}, expected {'a plain name' if name == 'name' else 'a text'}"
        )
    return value


def _read_whole(name: str, value: object) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError(f"{name} is {_show(value)}, expected a whole number from 0 to {LARGEST}")
    return value


def _read_claim(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {_show(value)}, expected true or false")
    return value


def _read_number(name: str, value: object) -> float:
    if type(value) not in (int, float) or not abs(value) <= LARGEST:  # type: ignore[arg-type]  # a number
        raise ValueError(f"{name} is {_show(value)}, expected a number from -{LARGEST} to {LARGEST}")
    return float(value)  # type: ignore[arg-type]  # checked above


def _read_numbers(name: str, value: object) -> Mapping[str, float]:
    return {key: _read_number(key, number) for key, number in _table(name, value).items()}


def _read_strengths(name: str, value: object) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is {_show(value)}, expected a list")
    strengths = tuple(_read_number(f"a strength of {name}", each) for each in value)
    if not all(0 <= strength <= MOST_CHROMA for strength in strengths):
        raise ValueError(f"{name} has a strength outside 0..{MOST_CHROMA:g}")
    return strengths


_READERS: Mapping[Any, Callable[[str, object], Any]] = {
    str: _read_text,
    int: _read_whole,
    bool: _read_claim,
    float: _read_number,
    tuple[float, ...]: _read_strengths,
    Mapping[str, float]: _read_numbers,
    Mapping[str, ModelFile]: _read_files,
}


def _show(value: object) -> str:
    """A value of JSON in a sentence: a number of 400 digits is no help."""
    kinds = {dict: "a table", list: "a list", NoneType: "missing"}
    return kinds.get(type(value)) or _shorten(repr(value))


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def manifest_text(specs: Mapping[str, ModelSpec], replaced: Sequence[ModelSpec] = ()) -> str:
    """The manifest's JSON; what `read_manifest` and `read_replaced` read back."""
    content: dict[str, object] = {"schema": SCHEMA, "models": [asdict(spec) for spec in specs.values()]}
    if replaced:
        content["replaced"] = [asdict(spec) for spec in replaced]
    return json.dumps(content, indent=2) + "\n"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_checked(folder: Path, file: ModelFile) -> bytes:
    """Read a model file. Raises ModelError if it is missing or not the file that the manifest names."""
    path = folder / file.name
    try:
        content = read_small(path, MODEL_LIMIT)
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror}; {REMEDY}") from None
    found = sha256_of(content)
    if found != file.sha256:
        raise ModelError(
            f"{path} is not the published file: sha256 {found[:12]}, expected {file.sha256[:12]}; {REMEDY}"
        )
    return content
