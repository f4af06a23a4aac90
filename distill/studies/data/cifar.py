"""CIFAR-10: 32x32 pictures from the official binary archive, or from one of JPEG files."""

import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.pack import Samples
from distill.studies.damage import DEGRADATIONS, Rgb
from distill.studies.data.stills import stack_pairs
from vcam.errors import SourceError

SIDE = 32
BINARY = "cifar-10-binary.tar.gz"  # the official archive; the Python version has pickles, which can run code
JPEGS = "cifar10_jpeg.tar.gz"
RECORD = 1 + 3 * SIDE * SIDE  # bytes: a label, then R, G and B
PARTS = {
    "train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    "test": ("test_batch.bin",),
}


@dataclass(frozen=True)
class Cifar:
    """Reads a part of CIFAR-10 as samples (n, 1, 2, 3, 32, 32).

    archive   BINARY, or a .tar.gz of part/class/name.jpg
    part      "train" or "test"
    most      pictures to take; where there are more, evenly spread over the part
    """

    archive: Path
    part: str
    degradation: str
    most: int
    seed: int

    def __call__(self) -> Samples:
        """The degraded and the true pictures, in the archive's order."""
        pictures, skipped = read_cifar(self.archive, self.part)
        taken = np.unique(np.linspace(0, len(pictures) - 1, min(self.most, len(pictures))).astype(int))
        rng = np.random.default_rng(self.seed)
        damage = DEGRADATIONS[self.degradation]
        damaged = [damage(pictures[index], rng) for index in taken]
        pairs = [(seen, pictures[index]) for (seen, _), index in zip(damaged, taken, strict=True)]
        kinds = np.array([DAMAGE_CLASSES.index(kind) for _, kind in damaged], np.uint8)
        return Samples(stack_pairs(pairs, SIDE), kinds, tuple(skipped))


def find_cifar(folders: Sequence[Path]) -> Path:
    """Find the archive below the folders, the official one first. Raises SourceError if there is none."""
    for name in (BINARY, JPEGS):
        for folder in folders:
            if found := sorted(folder.rglob(name)):
                return found[0]
    names = " ".join(str(folder) for folder in folders)
    raise SourceError(
        f"no {BINARY} and no {JPEGS} below {names}; fetch it: python -m distill fetch cifar10 --to FOLDER"
    )


def read_cifar(archive: Path, part: str) -> tuple[list[Rgb], list[str]]:
    """Read the pictures of a part, RGB (32, 32, 3), and the names of unreadable ones.

    Nothing is unpacked to disk. Raises SourceError if the archive is damaged or does not contain the part.
    """
    pictures: list[Rgb] = []
    skipped: list[str] = []
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                path = Path(member.name)
                if content is None or not _is_of(path, part):
                    continue
                found = list(_decode(path, content.read()))
                pictures += found
                if not found:
                    skipped.append(f"{archive.name}/{path}")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceError(f"{archive} cannot be read ({error}); remove it and fetch it again") from None
    if not pictures:
        expected = ", ".join(PARTS[part])
        raise SourceError(
            f"{archive} holds no {part} pictures; expected {expected}, or {part}/CLASS/NAME.jpg"
        )
    return pictures, skipped


def _is_of(path: Path, part: str) -> bool:
    if path.suffix == ".bin":
        return path.name in PARTS[part]
    return path.suffix in {".jpg", ".png"} and part in path.parts


def _decode(path: Path, content: bytes) -> Iterator[Rgb]:
    """The pictures of a file: all of a batch, or one of a JPEG; none if damaged or of another size."""
    if path.suffix == ".bin":
        records = np.frombuffer(content[: len(content) // RECORD * RECORD], np.uint8).reshape(-1, RECORD)
        yield from records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
        return
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if bgr is not None and bgr.shape[:2] == (SIDE, SIDE):
        yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
