import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from children import child

from vcam.errors import ConfigError
from vcam.opinion.plan import Trial
from vcam.opinion.store import Store, Vote

TRIALS = [Trial(1, "test", "t1", "ab"), Trial(2, "test", "t1", "ba")]
VOTER = """
import sys
from pathlib import Path
from vcam.opinion.plan import Trial
from vcam.opinion.store import Store, Vote
store = Store(Path(sys.argv[1]))
store.join("p", "secret", {}, [Trial(number, "test", "t", "ab") for number in range(1, 10_000)])
for number in range(1, 10_000):
    store.rate(Vote("p", number, "test", "t", "ab", 1))
    print(number, flush=True)
"""


def test_votes_come_back_turned_to_b_over_a(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.sqlite")
    store.join("p", "secret", {"screen": "laptop"}, TRIALS)
    for number, shown in ((1, "ab"), (2, "ba")):
        assert store.rate(Vote("p", number, "test", "t1", shown, 2, 9.5, 1, 640))  # type: ignore[arg-type]
    assert [vote.b_over_a for vote in store.votes()] == [2, -2]
    assert store.people() == {"p": {"screen": "laptop"}}
    assert store.asked() == {"t1": 1}


def test_the_first_vote_stays_and_the_person_goes_on_behind_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.sqlite")
    store.join("p", "secret", {}, TRIALS)
    assert store.rate(Vote("p", 1, "test", "t1", "ab", 2))
    assert not store.rate(Vote("p", 1, "test", "t1", "ab", -3))
    assert [vote.score for vote in store.votes()] == [2]
    person = Store(tmp_path / "results.sqlite").find("secret")
    assert person is not None
    assert person.next_trial == TRIALS[1]
    assert store.find("another") is None


def test_secrets_are_not_in_the_file_and_who_leaves_is_not_either(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    store = Store(path)
    store.join("p-who-leaves", "a-secret-of-theirs", {"screen": "a-telling-word"}, TRIALS)
    assert b"a-secret-of-theirs" not in path.read_bytes()
    assert b"a-telling-word" in path.read_bytes()
    store.forget("p-who-leaves")
    assert store.votes() == []
    assert b"a-telling-word" not in path.read_bytes()
    assert [each.name for each in tmp_path.iterdir()] == ["results.sqlite"]  # one file, no journal beside it


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    with child([sys.executable, "-c", VOTER, str(path)], stdout=subprocess.PIPE) as voter:
        assert voter.stdout is not None
        said = [int(voter.stdout.readline()) for _ in range(15)]
        os.kill(voter.pid, signal.SIGKILL)
        said += [int(line) for line in voter.stdout.read().split()]
    votes = [vote.number for vote in Store(path).votes()]
    assert votes[: len(said)] == said
    assert len(votes) - len(said) <= 1  # one that was kept, and not yet said


@pytest.mark.parametrize(
    "content", [b"no database, but a text that is long enough to be one", b"SQLite format 3\0" * 9]
)
def test_another_file_of_that_name_is_an_error_that_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "results.sqlite"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot use the results in "):
        Store(path).votes()


def test_results_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    with pytest.raises(ConfigError, match="another version"):
        Store(path).votes()
