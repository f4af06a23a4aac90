import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from file_server import FileServer, serve

from distill.studies.data.download import Remote, download
from vcam.errors import SinkError, SourceError

CONTENT = np.random.default_rng(0).bytes(1_000_000)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve(FileServer(CONTENT)) as running:
        yield running


def remote(server: FileServer, content: bytes = CONTENT) -> Remote:
    return Remote(server.url, "set.zip", len(content), hashlib.sha256(content).hexdigest())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_into_a_folder_that_is_made(server: FileServer, tmp_path: Path) -> None:
    path = download(remote(server), tmp_path / "new")
    assert path == tmp_path / "new" / "set.zip"
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["set.zip"]


def test_a_file_that_is_there_is_not_asked_for(server: FileServer, tmp_path: Path) -> None:
    for _ in range(2):
        download(remote(server), tmp_path)
    assert server.ranges == [""]


def test_a_damaged_file_that_is_there_is_fetched_again(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"damaged")
    assert download(remote(server), tmp_path).read_bytes() == CONTENT


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(server: FileServer, tmp_path: Path) -> None:
    server.cuts += [300_000, 500_000]
    assert download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=300000-", "bytes=800000-"]


def test_another_run_goes_on_where_the_first_one_stopped(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT[:123_456])
    assert download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=123456-"]


def test_a_part_that_is_whole_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT)
    gone = FileServer(CONTENT, url="http://127.0.0.1:9/file")
    assert download(remote(gone), tmp_path).read_bytes() == CONTENT


def test_a_part_of_a_larger_file_is_thrown_away(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT + b"more")
    assert download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [""]


def test_a_server_that_knows_no_ranges_starts_again(server: FileServer, tmp_path: Path) -> None:
    server.knows_ranges = False
    (tmp_path / "set.zip.part").write_bytes(b"x" * 123_456)
    assert download(remote(server), tmp_path).read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_at_one_place_is_given_up(server: FileServer, tmp_path: Path) -> None:
    server.cuts += [300_000, 0]
    with pytest.raises(SourceError, match=r"broke off at 300,000 of 1,000,000 bytes twice; run it again"):
        download(remote(server), tmp_path)
    assert names(tmp_path) == ["set.zip.part"]


def test_a_wrong_checksum_removes_the_part_and_says_what_was_found(
    server: FileServer, tmp_path: Path
) -> None:
    wanted = replace(remote(server), sha256="0" * 64)
    found = hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(SourceError, match=rf"has sha256 {found}, expected 0{{64}}: .* It was removed"):
        download(wanted, tmp_path)
    assert names(tmp_path) == []


def test_a_part_damaged_in_the_middle_is_found_out(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(b"x" * 1000)
    with pytest.raises(SourceError, match="damaged in transfer"):
        download(remote(server), tmp_path)
    assert download(remote(server), tmp_path).read_bytes() == CONTENT


def test_a_missing_file_is_said_with_its_status(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"/gone answers 404 Not Found, expected 200; .* by hand"):
        download(replace(remote(server), url=server.url.replace("/file", "/gone")), tmp_path)
    assert names(tmp_path) == []


def test_a_page_instead_of_the_file_is_refused(server: FileServer, tmp_path: Path) -> None:
    server.content, server.content_type = b"<html>too many downloads", "text/html"
    with pytest.raises(SourceError, match=r"has 24 bytes of text/html, expected 1,000,000"):
        download(remote(server, CONTENT), tmp_path)
    assert names(tmp_path) == []


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    gone = FileServer(CONTENT, url="http://127.0.0.1:9/file")
    with pytest.raises(SourceError, match=r"cannot be reached: .*refused.* Check the network"):
        download(remote(gone), tmp_path)


def test_no_room_is_said_before_anything_is_sent(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(
        SinkError, match=r"no room for set\.zip .*: 1,000,000,000,000,000,000 bytes are missing"
    ):
        download(replace(remote(server), size=10**18), tmp_path)
    assert server.ranges == []
