import argparse
import hashlib
import io
import string
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from file_server import FileServer, serve

from distill.commands.fetch import add_arguments
from distill.studies.data.cifar import BINARY
from distill.studies.data.collections import COLLECTIONS, Collection, fetch, unpack
from distill.studies.data.download import Remote
from vcam.errors import SourceError


def zipped(files: Mapping[str, bytes], mode: int = 0o100644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def collection(url: str, content: bytes) -> Collection:
    remote = Remote(url, "faces.zip", len(content), hashlib.sha256(content).hexdigest())
    return Collection("faces", "https://example.org/", "for tests", (remote,))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_file_has_an_encrypted_address_a_size_and_a_sum(name: str) -> None:
    for remote in COLLECTIONS[name].files:
        assert remote.url.startswith("https://")
        assert remote.size > 1_000_000
        assert len(remote.sha256) == 64
        assert set(remote.sha256) <= set(string.hexdigits.lower())


def test_cifar_is_fetched_under_the_name_that_the_recipe_looks_for() -> None:
    assert [remote.name for remote in COLLECTIONS["cifar10"].files] == [BINARY]


def test_an_archive_is_fetched_unpacked_and_removed(tmp_path: Path) -> None:
    content = zipped({"img/000001.jpg": b"one", "img/000002.jpg": b"two"})
    lines: list[str] = []
    with serve(FileServer(content)) as server:
        for _ in range(2):
            fetch(collection(server.url, content), tmp_path, lines.append)
    assert below(tmp_path) == {"faces/img/000001.jpg", "faces/img/000002.jpg"}
    assert server.ranges == [""]
    assert "for tests" in lines[0]
    assert lines[-1] == f"{tmp_path / 'faces'} is there already"


def test_an_unpacking_that_was_broken_off_starts_again(tmp_path: Path) -> None:
    (tmp_path / "faces.part").mkdir()
    write(tmp_path / "faces.part" / "half.jpg", b"")
    unpack(write(tmp_path / "faces.zip", zipped({"a.jpg": b"a"})), tmp_path / "faces")
    assert below(tmp_path) == {"faces.zip", "faces/a.jpg"}


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "a/../../evil.jpg", "/tmp/evil.jpg", "..\\evil.jpg", "C:\\evil"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    archive = write(tmp_path / "faces.zip", zipped({"good.jpg": b"", name: b"evil"}))
    with pytest.raises(SourceError, match="is outside of its folder; nothing was unpacked"):
        unpack(archive, tmp_path / "faces")
    assert below(tmp_path) == {"faces.zip"}


def test_a_link_is_refused(tmp_path: Path) -> None:
    archive = write(tmp_path / "faces.zip", zipped({"link.jpg": b"/etc/passwd"}, mode=0o120777))
    with pytest.raises(SourceError, match=r"holds 'link\.jpg', which is outside"):
        unpack(archive, tmp_path / "faces")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    archive = write(tmp_path / "faces.zip", zipped({"a.jpg": b"a" * 1000})[:-30])
    with pytest.raises(SourceError, match="is not a complete zip archive"):
        unpack(archive, tmp_path / "faces")
    assert below(tmp_path) == {"faces.zip"}


def test_the_command_knows_the_collections(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert parser.parse_args(["div2k", "--to", "pictures"]).to == Path("pictures")
    with pytest.raises(SystemExit):
        parser.parse_args(["imagenet", "--to", "pictures"])
    assert "cifar10" in capsys.readouterr().err
