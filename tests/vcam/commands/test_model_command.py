from pathlib import Path

import pytest
from stand_in import ZERO, write_weights
from test_model_versions import publish

from vcam import cli
from vcam.model_versions import version_of, versions_of


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Two models, one of which was published twice."""
    folder = tmp_path / "weights"
    write_weights(folder, ["best", "fast"], ZERO)
    publish(folder, ZERO + 1)
    return folder


def model(weights: Path, *words: str) -> int:
    return cli.main(["model", *words, "--weights", str(weights)])


def test_all_versions_are_listed_with_their_figures(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert model(weights, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["best", "fast", "fast"]
    assert [line.split()[1] for line in lines[1:]] == [
        version_of(spec) for spec in versions_of(weights, "fast")
    ]
    assert "in use" in lines[1]
    assert "+129.000 dB" in lines[1]
    assert "replaced" in lines[2]


def test_a_rollback_takes_the_version_before_and_again_the_one_after(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new, old = [version_of(spec) for spec in versions_of(weights, "fast")]
    assert model(weights, "rollback", "fast") == 0
    assert version_of(versions_of(weights, "fast")[0]) == old
    assert f"fast is version {old} now" in capsys.readouterr().out
    assert model(weights, "use", "fast", new[:5]) == 0
    assert version_of(versions_of(weights, "fast")[0]) == new


def test_two_versions_are_compared_figure_by_figure(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert model(weights, "compare", "fast") == 0
    head, gain, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == [version_of(spec) for spec in versions_of(weights, "fast")]
    assert gain.split() == ["gain,", "dB", "+129.000", "-"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rollback", "best"], "no version of best was replaced yet"),
        (["use", "fast"], "expected a model and one version; see: sharpkd model list"),
        (["list", "slow"], "no model 'slow' in "),
    ],
)
def test_what_cannot_be_done_is_one_line(
    weights: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert model(weights, *words) == 6
    errors = capsys.readouterr().err
    assert message in errors
    assert len(errors.splitlines()) == 1


def test_only_the_action_is_said_to_be_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["model"])
    assert capsys.readouterr().err.endswith("required: action\n")
