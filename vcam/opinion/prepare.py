"""Makes a study's clips: both of a scene differ in the system alone, and their names tell nothing."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vcam.camera.parts import OFF, make_link
from vcam.errors import ConfigError, SinkError
from vcam.frame import MIN_SIDE, Frame, Size, resize
from vcam.opinion.encode import write_clip
from vcam.opinion.study import FILE, MEDIA, Kind, Layout, Pair, Study, new_file_name, new_key, write_study
from vcam.opinion.systems import System, read_clip
from vcam.restore.fit import inside

ANCHOR = 8  # how much smaller the picture of a gold question becomes, before it is scaled up again
WORST = -3  # of the scale
LOSSLESS_DB = 99.0


@dataclass(frozen=True)
class Scene:
    """A clip, and the link that it is sent over first."""

    clip: Path
    link: str = OFF


@dataclass(frozen=True)
class Wish:
    """What a study is to compare.

    a, b      names of the systems, and what they are
    box       that the pictures are scaled to fit into, (width, height)
    seconds   of each clip, at most
    """

    title: str
    scenes: Sequence[Scene]
    a: tuple[str, System]
    b: tuple[str, System]
    layout: Layout
    box: Size
    seconds: float
    is_lossless: bool = False


def prepare(folder: Path, wish: Wish, say: Callable[[str], None] = lambda line: None) -> Study:
    """Make a study in a new folder; nothing of it stays if that fails.

    say  gets a line for each scene

    Raises ConfigError if the folder is there, SourceError, ModelError or LinkError for what is compared,
    SinkError if a clip cannot be written.
    """
    names = [scene.clip.stem for scene in wish.scenes if scene.link == wish.scenes[0].link]
    if len(set(names)) < len(names):
        raise ConfigError(f"two clips have one name ({', '.join(sorted(names))[:200]}): rename one")
    _make_folder(folder)
    try:
        study = _Maker(folder, wish, say).make()
        _write(folder, study)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return study


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
        (folder / MEDIA).mkdir()
    except FileExistsError:
        raise ConfigError(f"{folder} is there already; name a new folder, or remove it") from None
    except OSError as error:
        raise ConfigError(f"cannot make {folder}: {error.strerror}; name another folder") from None


def _write(folder: Path, study: Study) -> None:
    try:
        write_study(folder, study)
    except OSError as error:
        raise SinkError(f"cannot write {folder / FILE}: {error.strerror}") from None


class _Maker:
    """Writes the clips of one study."""

    def __init__(self, folder: Path, wish: Wish, say: Callable[[str], None]) -> None:
        self._media = folder / MEDIA
        self._wish = wish
        self._say = say
        self._worst_db = LOSSLESS_DB
        self._seconds = 0.0

    def make(self) -> Study:
        wish = self._wish
        tests = [self._make_test(index, scene) for index, scene in enumerate(wish.scenes, 1)]
        checks = self._make_checks(tests)
        return Study(
            wish.title,
            wish.a[0],
            wish.b[0],
            wish.layout,
            wish.box,
            round(self._seconds, 3),
            None if wish.is_lossless else round(self._worst_db, 1),
            (*checks, *tests),
            new_key(),
        )

    def _make_test(self, number: int, scene: Scene) -> Pair:
        frames, fps, size = self._frames(scene)
        a, b = (
            self._write(system(scene.clip, frames, size), fps) for _, system in (self._wish.a, self._wish.b)
        )
        name, count = scene.clip.name, len(self._wish.scenes)
        self._say(f"{number} of {count}: {name}, link {scene.link}, {len(frames)} frames")
        return Pair(f"t{number}", "test", scene.clip.stem, scene.link, a, b)

    def _make_checks(self, tests: Sequence[Pair]) -> list[Pair]:
        """Training from the first scene, gold questions from the last one: a far worse clip, and the same."""
        pairs: list[Pair] = []
        made: dict[Path, tuple[str, str]] = {}
        checks: Sequence[tuple[str, Kind, int]] = (("r", "training", 0), ("g", "gold", -1))
        for prefix, kind, index in checks:
            clip = self._wish.scenes[index].clip
            clean, worse = made[clip] = made.get(clip) or self._make_check(clip)
            about = (tests[index].clip, OFF)
            pairs.append(Pair(f"{prefix}1", kind, *about, clean, worse, WORST))
            pairs.append(Pair(f"{prefix}2", kind, *about, clean, clean, 0))
        return pairs

    def _make_check(self, clip: Path) -> tuple[str, str]:
        frames, fps = read_clip(clip, self._wish.seconds)
        size = inside(frames[0].size, self._wish.box)
        clean = self._write([resize(frame, size) for frame in frames], fps)
        return clean, self._write([_ruin(frame, size) for frame in frames], fps)

    def _frames(self, scene: Scene) -> tuple[list[Frame], float, Size]:
        """What the systems are given of a clip, its rate, and the size to make of it."""
        frames, fps = read_clip(scene.clip, self._wish.seconds)
        size, link = inside(frames[0].size, self._wish.box), make_link(scene.link)
        return ([link(frame) for frame in frames] if link else frames), fps, size

    def _write(self, frames: Sequence[Frame], fps: float) -> str:
        name = new_file_name()
        worst_db = write_clip(self._media / name, frames, fps, self._wish.is_lossless)
        self._worst_db = min(self._worst_db, worst_db)
        lasts_s = (frames[-1].captured_ns - frames[0].captured_ns) / 1e9 + 1 / fps
        self._seconds = max(self._seconds, lasts_s)
        return name


def _ruin(frame: Frame, size: Size) -> Frame:
    """A picture whose loss nobody can miss, at any viewing distance of a screen."""
    width, height = (max(MIN_SIDE, side // ANCHOR & ~1) for side in size)
    return resize(resize(frame, (width, height)), size)
