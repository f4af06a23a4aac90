"""Large files over HTTP: resumed where they broke off, checked, and under their name only when whole."""

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
AGAIN = "run it again: it goes on where it stopped"


@dataclass(frozen=True)
class Remote:
    """A file on a server."""

    url: str
    name: str  # that it is given here
    size: int  # bytes
    sha256: str  # hexadecimal digits


def download(remote: Remote, folder: Path, timeout_s: float = TIMEOUT_S) -> Path:
    """Fetch a file into a folder, which is made; returns its path. One that is there and right is kept.

    What has come lies in NAME.part. A transfer that breaks off is taken up from there as often as each try
    brings something; servers that cannot start in the middle begin anew.
    Raises SourceError if the server has no such file, cannot be reached, breaks off for good or sends
    something else, in which case the part is removed; SinkError if there is no room.
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
    """Of a file, in hexadecimal digits."""
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
    """Append to the part what the server sends until it has sent all or breaks off."""
    start = _size(part)
    with _open(remote, start, timeout_s) as response:
        is_resumed = response.status == 206
        total = (start if is_resumed else 0) + int(response.headers.get("Content-Length", remote.size))
        if total != remote.size:
            part.unlink(missing_ok=True)
            raise SourceError(
                f"{remote.url} has {total:,} bytes of {response.headers.get_content_type()}, expected "
                f"{remote.size:,}: it is another file, or a page that asks something; see it in a browser"
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
    """Ask for the file from byte `start` on."""
    headers = {"User-Agent": "sharpkd"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response: HTTPResponse = urlopen(Request(remote.url, headers=headers), timeout=timeout_s)
    except HTTPError as error:
        raise SourceError(
            f"{remote.url} answers {error.code} {error.reason}, expected 200; see its home page for where it "
            "has moved to, and lay the file into the folder by hand"
        ) from None
    except (URLError, HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise SourceError(
            f"{remote.url} cannot be reached: {reason}. Check the network and {AGAIN}"
        ) from None
    return response


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    """What comes, until it ends, breaks off or stops for too long."""
    try:
        while chunk := response.read(CHUNK):
            yield chunk
    except (HTTPException, OSError):
        return  # the caller sees by the size that something is missing


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
            f"{remote.url} has sha256 {found}, expected {remote.sha256}: it was damaged on its way, or is "
            "another file by now. It was removed; run it again, and if it stays so, do not trust that server"
        )
