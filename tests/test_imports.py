"""What setup.cfg's contracts of import-linter cannot prove: what is really loaded, and by which names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(ROOT.glob("vcam/**/*.py"))
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


def test_the_camera_loads_neither_torch_nor_what_trains_its_models() -> None:
    names = [name_of(path) for path in MODULES if path.stem != "__main__"]
    look = [sys.executable, "-c", LOOK.format(names=names)]
    loaded, missing = subprocess.run(
        look, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100
    ).stdout.splitlines()
    assert "vcam" in ast.literal_eval(loaded)
    assert not set(ast.literal_eval(loaded)) & TRAINING_ONLY
    # what is not installed everywhere is imported where it is used, not where a module is read
    assert ast.literal_eval(missing) == []


def test_a_camera_in_the_foreground_loads_neither_a_web_server_nor_what_writes_settings() -> None:
    """They would be a seventh of its time to the first picture, and 10 MB."""
    unused = {"asyncio", "h11", "multiprocessing", "numpy.random", "ssl", "starlette", "tomlkit", "uvicorn"}
    program = f"import sys, vcam.commands.run; print(sorted({unused} & set(sys.modules)))"
    look = [sys.executable, "-c", program]
    found = subprocess.run(look, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100).stdout
    assert ast.literal_eval(found) == []


@pytest.mark.parametrize("entry", ["vcam.cli", "vcam.daemon.__main__"])
def test_an_entry_loads_no_matrix_library_before_it_can_be_told_to_start_no_threads(entry: str) -> None:
    program = f"import sys, {entry}; print(sorted({{'numpy', 'cv2'}} & set(sys.modules)))"
    look = [sys.executable, "-c", program]
    found = subprocess.run(look, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100).stdout
    assert ast.literal_eval(found) == []


def test_a_command_runs_without_threads_of_a_matrix_library(tmp_path: Path) -> None:
    """OpenBLAS starts them when NumPy is loaded; they spin beside the camera."""
    program = "from vcam.cli import main; main(['status'])\n"
    program += "import numpy, os; print(os.listdir('/proc/self/task'))"
    look, home = [sys.executable, "-c", program], {"HOME": str(tmp_path)}
    found = subprocess.run(look, cwd=ROOT, env=home, capture_output=True, text=True, check=True, timeout=100)
    assert len(ast.literal_eval(found.stdout.splitlines()[-1])) == 1


def test_each_room_imports_only_the_rooms_below_it() -> None:
    """The contracts of setup.cfg, by import-linter."""
    program = "from importlinter.cli import lint_imports as lint; exit(lint('setup.cfg', no_cache=True))"
    run = [sys.executable, "-c", program]
    found = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert found.returncode == 0, found.stdout


def test_modules_are_imported_by_their_full_names() -> None:
    for path in [*MODULES, *ROOT.glob("distill/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path} imports by dots"


def test_test_modules_have_names_of_their_own() -> None:
    """pytest cannot collect two of the same name together, though each passes alone."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
