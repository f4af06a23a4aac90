"""How frames and words come from a process that receives or captures: header and payload, on its output.

A word is a JSON object with one key that says what it is: `open`, `sender`, `error`; see vcam.receiver and
vcam.screencast.
"""

import json
import struct
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from vcam.errors import SourceError
from vcam.frame import Frame, check_size, from_packed

FRAME, WORD = 1, 2
HEADER = struct.Struct("<BBHHIqI")  # kind, is_cut, width, height, index, captured_ns, bytes of the payload
LONGEST_WORD = 200_000  # bytes

NEITHER = "the process that sends the picture wrote what is neither frame nor word"

Word: TypeAlias = dict[str, Any]


def write_frame(output: BinaryIO, frame: Frame) -> None:
    """Raises OSError, as BrokenPipeError if nobody reads any more."""
    size = frame.width * frame.height * 3 // 2
    head = HEADER.pack(FRAME, frame.is_cut, *frame.size, frame.index & 0xFFFFFFFF, frame.captured_ns, size)
    output.write(head)
    for plane in (frame.y, frame.u, frame.v):
        output.write(plane.data)
    output.flush()


def write_word(output: BinaryIO, word: Word) -> None:
    payload = json.dumps(word).encode()
    output.write(HEADER.pack(WORD, 0, 0, 0, 0, 0, len(payload)) + payload)
    output.flush()


def read_one(stream: BinaryIO) -> Frame | Word | None:
    """The next frame or word; None at the end. Raises SourceError for what is neither."""
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    kind, is_cut, width, height, index, captured_ns, length = HEADER.unpack(head)
    if kind == WORD and length <= LONGEST_WORD:
        payload = stream.read(length)
        return _as_word(payload) if len(payload) == length else None
    if kind != FRAME or length != width * height * 3 // 2:
        raise SourceError(NEITHER)
    size = check_size((width, height))
    pixels = np.empty(length, np.uint8)
    if stream.readinto(pixels.data) < length:  # type: ignore[attr-defined]  # a BufferedReader has it
        return None
    frame = from_packed(pixels, size, index, captured_ns)
    return Frame(frame.y, frame.u, frame.v, index, captured_ns, bool(is_cut))


def _as_word(payload: bytes) -> Word:
    try:
        word = json.loads(payload)
    except ValueError:
        raise SourceError(NEITHER) from None
    if not isinstance(word, dict):
        raise SourceError(NEITHER)
    return word
