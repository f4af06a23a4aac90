"""How files are handed to FFmpeg: by a path that it cannot take for an address, and with a largest picture.

To FFmpeg `2024-05-01T12:30:00.mp4` is an address with the protocol `2024-05-01T12`, `concat:a|b` is a list
and `a%03d.png` a series, and a playlist names other addresses.
"""

import os
from pathlib import Path

import av
from av.container import InputContainer

from vcam.frame import MAX_SIDE
from vcam.regular import check_regular

MAX_PIXELS = str(MAX_SIDE * MAX_SIDE)  # as FFmpeg's decoders take it
DECODER_OPTIONS = {"max_pixels": MAX_PIXELS}
FILE_OPTIONS = DECODER_OPTIONS | {  # to know its kind, FFmpeg decodes one picture: 2 MB of PNG can be 2 GB
    "protocol_whitelist": "file",  # a playlist on disk must not make us ask the network
    "pattern_type": "none",  # of pictures: the name is the name
}
PATIENCE_S = 30.0  # of one opening and one read; FFmpeg looks at it between two reads


def file_address(path: str | Path) -> str:
    """The path as an address that FFmpeg can only take for that file."""
    return f"file:{os.path.abspath(path)}"


def open_recording(path: str | Path) -> InputContainer:
    """Open a recording or a picture for reading.

    Tags that are not UTF-8 are no reason to fail: what cannot be read in them is replaced.
    Raises OSError, or av.FFmpegError which mostly is one too, if it is not a regular file or not a recording.
    """
    check_regular(Path(path))
    return av.open(file_address(path), options=FILE_OPTIONS, metadata_errors="replace", timeout=PATIENCE_S)
