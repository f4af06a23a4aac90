"""The first example of each page of docs/, and those that are marked, work as they stand there."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import pytest
from examples import COMMANDS, ROOT, Example, missing_programs, read_examples, run_example, run_session

from vcam.conversion.opencv import to_bgr
from vcam.frame import resize
from vcam.sinks import FileSink
from vcam.sources import SAMPLE_PATH, FileSource

LIMIT_S = 240  # for what hangs: a machine that does much beside takes its time
# pages that begin with no example, or with one that changes a machine or takes hours; no new one belongs here
NOT_RUN = {
    *("architecture", "install", "measurements", "performance", "reliability", "results", "usage"),
    "virtual-camera",
}
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.stem not in NOT_RUN]


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Half a second of a person who talks, 320x240, and its first picture: .mp4 and .jpg."""
    folder = tmp_path_factory.mktemp("talk")
    with (
        FileSource(SAMPLE_PATH, realtime=False) as source,
        FileSink(folder / "call.mp4", (320, 240), 30) as sink,
    ):
        frames = [resize(frame, (320, 240)) for _, frame in zip(range(15), source, strict=False)]
        for frame in frames:
            sink.send(frame)
    _, face = cv2.imencode(".jpg", to_bgr(frames[0]))
    return (folder / "call.mp4").read_bytes(), face.tobytes()


@pytest.fixture
def room(talk: tuple[bytes, bytes]) -> Iterator[Path]:
    """A folder with the files that examples name; its path is short, as those of sockets must be."""
    with tempfile.TemporaryDirectory(prefix="docs") as name:
        folder = Path(name)
        (folder / "recordings").mkdir()
        (folder / "call.mp4").write_bytes(talk[0])
        (folder / "recordings" / "call.mp4").write_bytes(talk[0])
        (folder / "face.jpg").write_bytes(talk[1])
        yield folder


def examples_to_run(page: Path) -> list[Example]:
    """The first example of a page, and those that are marked."""
    examples = list(read_examples(page.read_text(encoding="utf-8")))
    return examples[:1] + [example for example in examples[1:] if example.is_marked]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_begins_with_an_example_that_can_be_run(page: Path) -> None:
    examples = examples_to_run(page)
    assert examples, f"{page.name} has no fenced example"
    assert all(example.language in COMMANDS for example in examples), f"{page.name}: expected bash or python"


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize(
    ("page", "number"),
    [(page.stem, number) for page in PAGES for number in range(len(examples_to_run(page)))],
)
def test_the_examples_of_a_page_work(page: str, number: int, room: Path) -> None:
    example = examples_to_run(ROOT / "docs" / f"{page}.md")[number]
    if missing := missing_programs(example):
        pytest.skip(f"no {', '.join(missing)}")
    outcome = run_example(example, room, LIMIT_S)
    assert outcome.code is not None, f"{page}.md took more than {LIMIT_S} s:\n{outcome.printed}"
    assert outcome.code == 0, f"{page}.md ended with {outcome.code}:\n{outcome.printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_session_says_what_python_says(page: Path, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The >>> of a page's examples in Python, as one session."""
    monkeypatch.chdir(room)
    examples = read_examples(page.read_text(encoding="utf-8"))
    session = "".join(example.text + "\n" for example in examples if example.is_session)
    assert not run_session(session, page.name)


def test_pages_that_are_not_run_are_there() -> None:
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} >= NOT_RUN


def test_examples_are_read_with_their_language_and_their_needs() -> None:
    first = "Words.\n\n<!-- needs: Xvfb, curl -->\n```bash\nls\n```\n"
    more = "\n<!-- tested -->\n```python\nx = 1\n\ny = 2\n```\n```\nz\n```\n"
    assert list(read_examples(first + more)) == [
        Example("bash", "ls\n", ("Xvfb", "curl")),
        Example("python", "x = 1\n\ny = 2\n", is_marked=True),
        Example("", "z\n"),
    ]


def test_a_session_that_says_something_else_is_told() -> None:
    assert Example("python", ">>> 1 + 1\n3\n").is_session
    assert "Expected:\n    3\nGot:\n    2" in run_session(">>> 1 + 1\n3\n", "page")


def test_an_example_fails_at_its_first_command_that_does(room: Path) -> None:
    outcome = run_example(Example("bash", "echo begun\nfalse | cat\necho never\n"), room, LIMIT_S)
    assert outcome.code == 1
    assert outcome.printed == "begun\n"


def test_an_example_has_this_checkout_and_a_home_of_its_own(room: Path) -> None:
    ask = 'python -c "import vcam; print(vcam.__path__[0])"\necho $HOME\nls\n'
    printed = run_example(Example("bash", ask), room, LIMIT_S).printed.split()
    assert printed[:2] == [str(ROOT / "vcam"), str(room / "home")]
    assert {"call.mp4", "face.jpg", "recordings"} <= set(printed[2:])


def test_what_an_example_leaves_running_ends_with_it(room: Path) -> None:
    outcome = run_example(Example("bash", "setsid sleep 1000 &\necho $!\n"), room, LIMIT_S)
    assert outcome.code == 0
    assert not is_alive(int(outcome.printed))


def test_an_example_that_hangs_is_ended(room: Path) -> None:
    assert run_example(Example("bash", "sleep 1000\n"), room, 0.5).code is None


def is_alive(pid: int) -> bool:
    """A process that has ended and that nobody has waited for is not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
