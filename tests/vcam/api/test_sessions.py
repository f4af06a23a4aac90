import importlib
import inspect
from pathlib import Path

import pytest
from examples import run_session

import vcam


def test_the_examples_in_docstrings_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = []
    for name in ("sharpener", "live", "pictures"):
        module = importlib.import_module(f"vcam.api.{name}")
        for owner in vars(module).values():
            doc = inspect.getdoc(owner) or "" if inspect.getmodule(owner) is module else ""
            if ">>>" in doc:
                found.append(owner.__name__)
                assert not run_session(doc, owner.__name__)
    assert found == ["Sharpener", "models"]


@pytest.mark.parametrize("name", sorted(vcam.__all__))
def test_every_public_name_is_described(name: str) -> None:
    assert inspect.getdoc(getattr(vcam, name))
    page = Path(vcam.__file__).parent.parent / "docs" / "api.md"
    assert f"`{name}" in page.read_text(encoding="utf-8") or f"`vcam.{name}" in page.read_text(
        encoding="utf-8"
    )
