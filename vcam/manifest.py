"""What weights/manifest.json promises about each published model."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from vcam.errors import ModelError

FILE_NAME = "manifest.json"
SCHEMA = 1
CELLS = (1, 2, 4, 8)  # sides of a cell whose rows are machine words, see vcam.restore.to_cells
MIXTURE = "mixture"  # the tensor that a file of experts leaves open
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
    the same shape and type: the correction in code values, plus 128.

    A model of experts leaves the initialiser `mixture` (1, looks*experts) float32 open, to be bound when a
    session is opened: the share of each expert in the weights, look by look. Its file "gauge" says them:
    input `strips` (N, 3, W/cell, cell*cell) uint8, three rows of cells each; output `shares` (1, experts).
    """

    name: str
    cell: int  # side of a cell in pixels
    macs_per_pixel: float
    files: Mapping[str, ModelFile]  # "int8", "fp32", "gauge" -> file
    experts: int = 0  # sets of weights that are mixed for the damage at hand; 0: one, settled
    looks: int = 1  # 2: faithful, then crisp
    reach: int = 0  # cells around one that its residual depends on; 0: not known
    recipe: str = ""
    data: str = ""
    commit: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)


def weights_folder() -> Path:
    """Where the shipped weights lie: beside the package in a checkout, else below the installation."""
    checkout = Path(__file__).resolve().parent.parent / "weights"
    return checkout if (checkout / FILE_NAME).exists() else Path(sys.prefix) / "share/sharpkd/weights"


def read_manifest(folder: Path) -> dict[str, ModelSpec]:
    """Read the models of a weights folder by name, in the manifest's order: best picture first.

    Raises ModelError if the manifest is missing, no JSON, or of another schema.
    """
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"no {path}; {REMEDY}") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}; {REMEDY}") from None
    try:
        if content["schema"] != SCHEMA:
            raise ModelError(f"{path} has schema {content['schema']}, expected {SCHEMA}; {REMEDY}")
        specs = [_read_spec(entry) for entry in content["models"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} lacks or misspells {error}; {REMEDY}") from None
    return {spec.name: spec for spec in specs}


def _read_spec(entry: dict[str, object]) -> ModelSpec:
    unknown = set(entry) - {field.name for field in fields(ModelSpec)}
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    values: dict[str, object] = dict(entry)
    if values["cell"] not in CELLS:
        raise KeyError(f"cell: {values['cell']!r} is none of {CELLS}")
    files = values.pop("files")
    if not isinstance(files, dict):
        raise KeyError("files")
    read = {precision: ModelFile(**file) for precision, file in files.items()}
    return ModelSpec(files=read, **values)  # type: ignore[arg-type]  # JSON; keys are checked above


def manifest_text(specs: Mapping[str, ModelSpec]) -> str:
    """The manifest's JSON; what `read_manifest` reads back."""
    models = [asdict(spec) for spec in specs.values()]
    return json.dumps({"schema": SCHEMA, "models": models}, indent=2) + "\n"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_checked(folder: Path, file: ModelFile) -> bytes:
    """Read a model file. Raises ModelError if it is missing or not the file that the manifest names."""
    path = folder / file.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror}; {REMEDY}") from None
    found = sha256_of(content)
    if found != file.sha256:
        raise ModelError(
            f"{path} is not the published file: sha256 {found[:12]}, expected {file.sha256[:12]}; {REMEDY}"
        )
    return content
