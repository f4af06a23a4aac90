"""Download of large files over HTTP: resumable, checked, and renamed only when complete."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

from vcam.errors import SinkError, SourceError

CHUNK = 1 << 18  # bytes
TIMEOUT_S = 30.0  # without a byte
AGAIN = "run it again to resume"


@dataclass(frozen=True)
class Remote:
    """A file on a server."""

    url: str
    name: str  # local name
    size: int  # bytes
    sha256: str  # hexadecimal digits


def download(remote: Remote, folder: Path, timeout_s: float = TIMEOUT_S) -> Path:
    """Download a file into a folder, which is created if needed; returns its path. A valid file is kept.

    Data received so far is in NAME.part. An interrupted transfer is resumed from there while attempts make
    progress; servers without range requests start from the beginning.
    Raises SourceError if the server does not have the file, cannot be reached, stops sending, or sends
    something else, in which case NAME.part is removed; SinkError if there is not enough space.
    """
    path = folder / remote.name
    if path.exists() and sha256_of(path) == remote.sha256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{remote.name}.part")
    if _size(part) > remote.size:  # of another file
        part.unlink()
    _check_room(remote, part)
    while (held := _size(part)) != remote.size:
        _receive(remote, part, timeout_s)
        if _size(part) <= held:
            raise SourceError(
                f"{remote.url} broke off at {_size(part):,} of {remote.size:,} bytes twice; {AGAIN}"
            )
    _check_content(remote, part)
    os.replace(part, path)
    return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _check_room(remote: Remote, part: Path) -> None:
    needed, free = remote.size - _size(part), shutil.disk_usage(part.parent).free
    if needed > free:
        raise SinkError(
            f"no room for {remote.name} in {part.parent}: {needed:,} bytes are missing, {free:,} are free; "
            "name another folder or free some space"
        )


def _receive(remote: Remote, part: Path, timeout_s: float) -> None:
    """Append the server's data to NAME.part until it is complete or the transfer is interrupted."""
    start = _size(part)
    with _open(remote, start, timeout_s) as response:
        is_resumed = response.status == 206
        total = (start if is_resumed else 0) + int(response.headers.get("Content-Length", remote.size))
        if total != remote.size:
            part.unlink(missing_ok=True)
            raise SourceError(
                f"{remote.url} has {total:,} bytes of {response.headers.get_content_type()}, expected "
                f"{remote.size:,}: it is another file, or a web page; open the URL in a browser"
            )
        held = start if is_resumed else 0
        with (
            _explained(part),
            part.open("ab" if is_resumed else "wb") as file,
            tqdm(desc=remote.name, total=total, initial=held, unit="B", unit_scale=True, disable=None) as bar,
        ):
            for chunk in _chunks(response):
                file.write(chunk)
                bar.update(len(chunk))


def _open(remote: Remote, start: int, timeout_s: float) -> HTTPResponse:
    """Request the file from byte `start` on."""
    headers = {"User-Agent": "sharpkd"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response: HTTPResponse = urlopen(Request(remote.url, headers=headers), timeout=timeout_s)
    except HTTPError as error:
        raise SourceError(
            f"{remote.url} answers {error.code} {error.reason}, expected 200; see its home page for the "
            "new URL, and put the file into the folder by hand"
        ) from None
    except (URLError, HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise SourceError(
            f"{remote.url} cannot be reached: {reason}. Check the network and {AGAIN}"
        ) from None
    return response


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    """Received data until the end, an interruption or a timeout."""
    try:
        while chunk := response.read(CHUNK):
            yield chunk
    except (HTTPException, OSError):
        return  # the caller compares the size


@contextmanager
def _explained(part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "free some space" if error.errno == errno.ENOSPC else "name another folder"
        raise SinkError(f"cannot write {part}: {error.strerror}; {remedy} and {AGAIN}") from error


def _check_content(remote: Remote, part: Path) -> None:
    found = sha256_of(part)
    if found != remote.sha256:
        part.unlink()
        raise SourceError(
            f"{remote.url} has sha256 {found}, expected {remote.sha256}: it was damaged in transfer or "
            "has changed. It was removed; try again, and do not trust this server if the checksum stays wrong"
        )
