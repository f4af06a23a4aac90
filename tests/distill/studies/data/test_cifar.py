import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from distill.damage.degradation import DAMAGE_CLASSES
from distill.studies.data.cifar import BINARY, JPEGS, RECORD, SIDE, Cifar, find_cifar, read_cifar
from vcam.errors import SourceError


def write_archive(path: Path, files: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def batch(first: int, count: int = 4) -> bytes:
    """Records of the binary version: a label, then planes of `first`, `first` + 1 and so on in red alone."""
    records = np.zeros((count, RECORD), np.uint8)
    records[:, 0] = 9  # a label, no pixel
    records[:, 1 : 1 + SIDE * SIDE] = np.arange(first, first + count)[:, None]
    return records.tobytes()


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    folder = "cifar-10-batches-bin"
    files = {f"{folder}/data_batch_{number}.bin": batch(10 * number) for number in range(1, 6)}
    files |= {f"{folder}/test_batch.bin": batch(100, 10), f"{folder}/batches.meta.txt": b"airplane\n"}
    return write_archive(tmp_path / "binary" / BINARY, files)


@pytest.fixture
def jpegs(tmp_path: Path) -> Path:
    def jpeg(shade: int, side: int = SIDE) -> bytes:
        return cv2.imencode(".jpg", np.full((side, side, 3), (0, 0, shade), np.uint8))[1].tobytes()

    files = {f"train/cat/{number:04d}.jpg": jpeg(100) for number in range(3)}
    files |= {f"test/{name}/0000.jpg": jpeg(shade) for name, shade in (("cat", 150), ("dog", 250))}
    files |= {"test/dog/0001.jpg": b"no picture", "test/dog/0002.jpg": jpeg(9, 16), "SOURCES.md": b"test"}
    return write_archive(tmp_path / "jpegs" / JPEGS, files)


def reds(pictures: list[np.ndarray]) -> list[int]:
    return [int(picture[0, 0, 0]) for picture in pictures]


def test_the_binary_archive_is_read_in_order(binary: Path) -> None:
    pictures, skipped = read_cifar(binary, "train")
    assert reds(pictures) == [10 * number + k for number in range(1, 6) for k in range(4)]
    assert reds(read_cifar(binary, "test")[0]) == list(range(100, 110))
    assert pictures[0].shape == (32, 32, 3)
    assert pictures[0][..., 1:].max() == 0
    assert skipped == []


def test_jpeg_files_are_read_and_damaged_ones_are_named(jpegs: Path) -> None:
    pictures, skipped = read_cifar(jpegs, "test")
    np.testing.assert_allclose(reds(pictures), [150, 250], atol=3)  # JPEG
    assert skipped == [f"{JPEGS}/test/dog/0001.jpg", f"{JPEGS}/test/dog/0002.jpg"]
    assert len(read_cifar(jpegs, "train")[0]) == 3


def test_samples_are_the_whole_part_damaged(binary: Path) -> None:
    found = Cifar(binary, "test", "bilinear-half", 99, 0)()
    assert found.clips.shape == (10, 1, 2, 3, 32, 32)
    assert found.kinds.tolist() == [DAMAGE_CLASSES.index("x2")] * 10
    assert found.clips[:, 0, 1, 0, 0, 0].tolist() == list(range(100, 110))
    np.testing.assert_array_equal(found.clips[:, 0, 0], found.clips[:, 0, 1])  # of one shade: nothing to lose


def test_fewer_are_spread_over_the_part(binary: Path) -> None:
    found = Cifar(binary, "test", "bilinear-half", 4, 0)()
    assert found.clips[:, 0, 1, 0, 0, 0].tolist() == [100, 103, 106, 109]


def test_the_official_archive_is_found_before_jpegs(binary: Path, jpegs: Path) -> None:
    assert find_cifar([jpegs.parent]) == jpegs
    assert find_cifar([jpegs.parent, binary.parent]) == binary


def test_without_an_archive_there_is_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no cifar-10-binary.tar.gz .*python -m distill fetch cifar10"):
        find_cifar([tmp_path])


def test_a_damaged_archive_is_refused(binary: Path) -> None:
    binary.write_bytes(binary.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"cannot be read .*; remove it and fetch it again"):
        read_cifar(binary, "test")


def test_an_archive_without_pictures_is_refused(tmp_path: Path) -> None:
    path = write_archive(tmp_path / BINARY, {"readme.html": b"hello"})
    with pytest.raises(SourceError, match=r"holds no test pictures; expected test_batch\.bin"):
        read_cifar(path, "test")
