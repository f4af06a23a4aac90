"""Files that FFmpeg opens and cannot read: what they are, for a plain sentence."""

from pathlib import Path

ANIMATION_FLAG = (
    0x02  # of VP8X's first byte, after https://developers.google.com/speed/webp/docs/riff_container
)


def is_animated_webp(path: Path) -> bool:
    """Whether a file is a WebP of several pictures."""
    try:
        with path.open("rb") as file:
            head = file.read(21)
    except OSError:
        return False
    return head[:4] + head[8:16] == b"RIFFWEBPVP8X" and bool(head[20] & ANIMATION_FLAG)
