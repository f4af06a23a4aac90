"""What the command line says to words that it does not know."""

import platform

import pytest

from vcam import cli


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The last line of what a wrong command line is answered."""
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["stauts"], "no 'stauts' (did you mean 'status'?); expected one of: run, start"),
        (["run", "--sorce", "sample"], "no option --sorce (did you mean '--source'?)"),
        (["run", "--sorce=sample"], "no option --sorce (did you mean '--source'?)"),
        (["--verson", "run"], "no option --verson (did you mean '--version'?)"),
        (["toggle", "freze"], "no 'freze' (did you mean 'freeze'?); expected one of: freeze, mirror, pause"),
    ],
)
def test_the_word_that_was_meant_is_named(
    capsys: pytest.CaptureFixture[str], words: list[str], meant: str
) -> None:
    assert meant in refused(capsys, *words)


def test_where_no_word_is_close_the_help_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    answer = refused(capsys, "run", "--xyzzy")
    assert answer == "sharpkd run: error: no option --xyzzy; for all of them: sharpkd run --help"


def test_the_version_is_one_line_with_what_it_runs_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    name, _, rest = capsys.readouterr().out.partition(" ")
    assert name == "sharpkd"
    assert f", Python {platform.python_version()}, ONNX Runtime 1." in rest
    assert rest.count("\n") == 1
