"""Nothing leaves the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# what keeps ONNX Runtime silent; a CI's own would hide that we do not
QUIET = ("ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "GITHUB_ACTIONS", "TF_BUILD")


@pytest.mark.parametrize(
    "module", ["vcam.restore.engine", "distill.evaluate.contenders", "distill.export.picture", "bench.chain"]
)
def test_onnx_runtime_makes_no_identity_to_report_by(module: str, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in QUIET}
    environ |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache"), "PYTHONPATH": str(ROOT)}
    load = [sys.executable, "-c", f"import {module}, onnxruntime; onnxruntime.SessionOptions()"]
    subprocess.run(load, env=environ, check=True, timeout=100)
    assert [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name.lower()] == []
