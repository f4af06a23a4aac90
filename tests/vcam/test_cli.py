import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from vcam import cli
from vcam.errors import SourceError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert (importlib.import_module(f"vcam.commands.{name}").__doc__ or "")[:30] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [(SourceError("unplugged"), 4, "sharpkd: unplugged\n"), (KeyboardInterrupt(), 130, "")],
)
def test_an_error_becomes_one_line_and_an_exit_code(
    error: BaseException,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(args: object) -> int:
        raise error

    monkeypatch.setattr("vcam.commands.pause.run", fail)
    assert cli.main(["pause"]) == code
    assert capsys.readouterr().err == message


def test_a_bare_system_is_told_which_library_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As numpy says it on an Ubuntu without any C++ program."""

    def fail(name: str) -> None:
        raise ImportError("Original error was: libstdc++.so.6: cannot open shared object file: No such file")

    monkeypatch.setattr(cli.importlib, "import_module", fail)
    assert cli.main(["pause"]) == 1
    assert "this system lacks libstdc++.so.6" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(args: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("vcam.commands.pause.run", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["pause"])


def test_a_light_command_loads_no_heavy_library() -> None:
    import subprocess

    code = "import sys; from vcam import cli; cli.main(['status']); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("cv2", "av", "onnxruntime", "starlette", "torch") if f"'{name}'" in loaded]


@pytest.mark.parametrize("words", [["start"], ["doctor"], ["--help"]])
@pytest.mark.parametrize("platform", ["win32", "darwin", "freebsd14"])
def test_another_system_is_refused_in_one_line_before_its_modules_are_missed(
    words: list[str], platform: str
) -> None:
    hidden = "('fcntl', 'pwd', 'select', 'termios')"
    look = f"import sys; sys.modules.update(dict.fromkeys({hidden})); from vcam.cli import main; "
    command = [sys.executable, "-c", look + f"sys.exit(main({words}, {platform!r}))"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == f"sharpkd: this program is for Linux, this system is {platform}\n"


def test_commands_that_only_talk_to_the_camera_load_no_pictures() -> None:
    names = ("config", "open", "restart", "set", "start", "status", "toggle")
    look = f"import sys; {'; '.join(f'import vcam.commands.{name}' for name in names)}"
    look += "; print({'av', 'cv2', 'numpy', 'onnxruntime'} & set(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout == "set()\n"
