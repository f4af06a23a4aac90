"""What was received, on its way out: the newest picture and all words, written by a thread of its own."""

import threading
from collections import deque
from dataclasses import replace
from typing import BinaryIO

from av.video.frame import VideoFrame

from vcam.conversion.colour import BT601_TAGS, UNSPECIFIED
from vcam.conversion.pyav import Converter, to_frame
from vcam.errors import SourceError
from vcam.frame import Size
from vcam.wire import Word, write_frame, write_word


class FrameOutput:
    """Takes decoded pictures from the event loop and writes them as frames; nobody waits for a slow reader.

    A picture that is not written when the next one comes is dropped: the gap in the numbers tells of it. The
    first picture after `cut`, and one of another size than that before, are cuts: a phone that is turned
    sends its picture in another shape from then on.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.size: Size = (0, 0)
        self.fault = ""  # why the last picture could not be used
        self._stream = stream
        self._words: deque[Word] = deque()
        self._next: tuple[VideoFrame, int, int] | None = None
        self._count = 0
        self._owes_cut = True
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="frame output", daemon=True)
        self._thread.start()

    def put(self, picture: VideoFrame, captured_ns: int) -> None:
        with self._changed:
            self._next = picture, self._count, captured_ns
            self._count += 1
            self._changed.notify()

    def cut(self) -> None:
        """Somebody else sends from now on."""
        with self._changed:
            self._next, self._owes_cut = None, True

    def say(self, word: Word) -> None:
        with self._changed:
            self._words.append(word)
            self._changed.notify()

    def close(self) -> None:
        """Write the words that wait, then end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(1.0)

    def _run(self) -> None:
        converter = Converter()
        while True:
            with self._changed:
                while not (self._words or self._next or self._is_closed):
                    self._changed.wait()
                word = self._words.popleft() if self._words else None
                taken, self._next = (self._next, None) if word is None else (None, self._next)
                if word is None and taken is None:
                    return
                is_cut, self._owes_cut = self._owes_cut, self._owes_cut and taken is None
            try:
                if word is not None:
                    write_word(self._stream, word)
                elif taken is not None:
                    self._write(*taken, is_cut, converter)
            except OSError:
                return  # nobody reads any more: the process ends by its input

    def _write(
        self, picture: VideoFrame, index: int, captured_ns: int, is_cut: bool, converter: Converter
    ) -> None:
        if picture.colorspace == UNSPECIFIED and not picture.format.is_rgb:
            picture.colorspace = BT601_TAGS[1]  # what browsers send without a tag, HD as well
        try:
            frame = to_frame(picture, index, captured_ns, False, converter)
        except SourceError as error:
            self.fault = str(error)
            if is_cut:  # the next one is it
                self._owes_cut = True
            return
        is_cut = is_cut or frame.size != self.size
        self.size, self.fault = frame.size, ""
        write_frame(self._stream, replace(frame, is_cut=is_cut))
