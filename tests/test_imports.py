"""Who may import whom: the run-time knows no torch and no distillery, rooms import downward only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(ROOT.glob("vcam/**/*.py"))
FROM_VCAM = {
    "vcam",
    *(
        f"vcam.{room}"
        for room in ("errors", "frame", "conversion", "media", "link", "metrics", "manifest", "restore")
    ),
}
TRAINING_ONLY = {"torch", "distill", "matplotlib", "onnx", "onnxscript", "pytorch_msssim", "scipy", "skimage"}

LOOK = """
import importlib, sys
missing = []
for name in {names}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing.append((name, error.name))
print(sorted(set(module.partition(".")[0] for module in sys.modules)))
print(missing)
"""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    """Every module that the file's import statements name, at any depth of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by dots; in full, please"
            assert node.module is not None
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_run_time_names_neither_torch_nor_the_distillery(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imports_of(path)} & TRAINING_ONLY


def test_the_run_time_loads_neither_torch_nor_the_distillery() -> None:
    names = [name_of(path) for path in MODULES if path.stem != "__main__"]
    look = [sys.executable, "-c", LOOK.format(names=names)]
    loaded, missing = subprocess.run(
        look, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100
    ).stdout.splitlines()
    assert "vcam" in ast.literal_eval(loaded)
    assert not set(ast.literal_eval(loaded)) & TRAINING_ONLY
    # what is not installed everywhere is imported where it is used, not where a module is read
    assert ast.literal_eval(missing) == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("distill/**/*.py")), ids=name_of)
def test_the_distillery_uses_only_what_it_may(path: Path) -> None:
    used = {".".join(name.split(".")[:2]) for name in imports_of(path) if name.split(".")[0] == "vcam"}
    assert used <= FROM_VCAM


def test_each_room_imports_only_the_rooms_below_it() -> None:
    """The contracts of setup.cfg, by import-linter."""
    program = "from importlinter.cli import lint_imports as lint; exit(lint('setup.cfg', no_cache=True))"
    run = [sys.executable, "-c", program]
    found = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert found.returncode == 0, found.stdout


def test_this_looks_at_something() -> None:
    assert ROOT / "vcam" / "restore" / "model.py" in MODULES
    assert "vcam.errors" in set(imports_of(ROOT / "vcam" / "restore" / "model.py"))


# the pipe itself; what drives it lies above
ORDER = [
    "errors",
    "deadline",
    "frame",
    "regular",
    "partial",
    "media",
    "v4l2",
    "v4l2loopback",
    "conversion",
    "metrics",
    "meter",
    "manifest",
    "link",
    "restore",
    "presence",
    "pipeline",
]


@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_only_the_rooms_above_it(room: str) -> None:
    paths = [ROOT / "vcam" / f"{room}.py", *(ROOT / "vcam" / room).glob("*.py")]
    for path in (path for path in paths if path.exists()):
        rooms = {name.split(".")[1] for name in imports_of(path) if name.startswith("vcam.")}
        assert rooms <= set(ORDER[: ORDER.index(room) + 1]), path


def test_test_modules_have_names_of_their_own() -> None:
    """pytest cannot collect two of the same name together, though each passes alone."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
