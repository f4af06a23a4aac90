import stat
from pathlib import Path

import pytest

from vcam.errors import ConfigError, VcamError
from vcam.live_opinions import LiveOpinions, describe_opinions


@pytest.fixture
def opinions(tmp_path: Path) -> LiveOpinions:
    return LiveOpinions(tmp_path / "state/opinions.jsonl")


def test_judgements_are_kept_counted_and_deleted(opinions: LiveOpinions) -> None:
    assert opinions.read() == []
    for opinion in ("better", "better", "worse"):
        opinions.note(opinion, {"model": "best", "strength": 1.0})  # type: ignore[arg-type]
    assert LiveOpinions(opinions.path).counts() == {"better": 2, "same": 0, "worse": 1}
    assert opinions.read()[0] == {"opinion": "better", "model": "best", "strength": 1.0}
    assert stat.S_IMODE(opinions.path.stat().st_mode) == 0o600
    opinions.delete()
    opinions.delete()
    assert not opinions.path.exists()


def test_a_line_that_was_cut_costs_nothing_but_itself(opinions: LiveOpinions) -> None:
    opinions.note("same", {"model": "best"})
    with opinions.path.open("a") as file:
        file.write('{"opinion": "bet')
    opinions.note("worse", {"model": "best"})
    assert [each["opinion"] for each in opinions.read()] == ["same", "worse"]


def test_a_file_of_something_else_gives_no_judgements(opinions: LiveOpinions) -> None:
    opinions.path.parent.mkdir()
    opinions.path.write_bytes(b'\xff\xfe\n[1]\n{"opinion": "great"}\n"better"\n{"opinion": "same"}\n')
    assert opinions.read() == [{"opinion": "same"}]


def test_what_cannot_be_written_or_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VcamError, match=r"cannot write .*nothing was kept"):
        LiveOpinions(tmp_path / "file/opinions.jsonl").note("same", {})
    with pytest.raises(ConfigError, match="sharpkd mos live --delete"):
        LiveOpinions(tmp_path).read()


def test_a_full_file_says_how_to_go_on(opinions: LiveOpinions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcam.live_opinions.LARGEST", 100)
    opinions.note("same", {"model": "x" * 50})
    with pytest.raises(VcamError, match="delete it in the panel"):
        opinions.note("same", {"model": "x" * 50})


def test_judgements_are_told_apart_by_model_and_look() -> None:
    looks = [
        {"opinion": "better", "model": model, "strength": 1.0, "crispness": 0.0}
        for model in ("best", "fast", "best")
    ]
    assert [line.split("  ")[0] for line in describe_opinions(looks)] == [
        "all",
        "best, strength 1.0, crispness 0.0",
        "fast, strength 1.0, crispness 0.0",
    ]
    assert [line.split("  ")[-1] for line in describe_opinions(looks)] == [
        f"{count} better, 0 same, 0 worse" for count in (3, 2, 1)
    ]
    assert "was not judged yet" in describe_opinions([])[0]
