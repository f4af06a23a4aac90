"""How much one request, and all of them together, may take."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """What the server accepts.

    picture_bytes  of one picture's file
    video_bytes    of one recording's file
    pixels         of one picture, and of one picture of a recording: told by its header, before it is decoded
    held_bytes     of all pictures that wait or are worked on, together
    waiting        pictures that wait for a worker; more are refused
    seconds        that a picture may wait, and again that it may take
    job_seconds    for one recording
    jobs           recordings that wait or are worked on; more are refused
    kept_s         seconds that a finished job and its result are kept
    """

    picture_bytes: int = 32 * MIB
    video_bytes: int = 2048 * MIB
    pixels: int = 50_000_000
    held_bytes: int = 512 * MIB
    waiting: int = 128
    seconds: float = 30.0
    job_seconds: float = 7200.0
    jobs: int = 16
    kept_s: float = 3600.0


def say_bytes(count: int) -> str:
    """A number of bytes for people, exact below a MiB: "32 MiB", "4097 bytes"."""
    return f"{count / MIB:.4g} MiB" if count >= MIB else f"{count} bytes"
