"""What was received, on its way out."""

from dataclasses import replace
from typing import BinaryIO, TypeAlias

from av.video.frame import VideoFrame

from vcam.conversion.colour import BT601_TAGS, UNSPECIFIED
from vcam.conversion.pyav import Converter, to_frame
from vcam.errors import SourceError
from vcam.frame import Size
from vcam.frame_program import FrameWriter
from vcam.wire import write_frame

Taken: TypeAlias = tuple[VideoFrame, int, int, bool]  # index, captured_ns, is_cut


class FrameOutput(FrameWriter[Taken]):
    """Takes decoded pictures from the event loop and writes them as frames.

    A picture that is not written when the next one comes is dropped: the gap in the numbers tells of it. The
    first picture after `cut`, and one of another size than that before, are cuts: a phone that is turned
    sends its picture in another shape from then on.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.size: Size = (0, 0)
        self.fault = ""  # why the last picture could not be used
        self._next: tuple[VideoFrame, int, int] | None = None
        self._count = 0
        self._owes_cut = True
        self._converter = Converter()
        super().__init__(stream)

    def put(self, picture: VideoFrame, captured_ns: int) -> None:
        with self._changed:
            self._next = picture, self._count, captured_ns
            self._count += 1
            self._changed.notify()

    def cut(self) -> None:
        """Somebody else sends from now on."""
        with self._changed:
            self._next, self._owes_cut = None, True

    def _take(self) -> tuple[Taken | None, float | None]:
        if self._next is None:
            return None, None
        taken, self._next = (*self._next, self._owes_cut), None
        self._owes_cut = False
        return taken, None

    def _write(self, taken: Taken) -> None:
        picture, index, captured_ns, is_cut = taken
        if picture.colorspace == UNSPECIFIED and not picture.format.is_rgb:
            picture.colorspace = BT601_TAGS[1]  # what browsers send without a tag, HD as well
        try:
            frame = to_frame(picture, index, captured_ns, False, self._converter)
        except SourceError as error:
            self.fault = str(error)
            if is_cut:  # the next one is it
                self._owes_cut = True
            return
        is_cut = is_cut or frame.size != self.size
        self.size, self.fault = frame.size, ""
        write_frame(self._stream, replace(frame, is_cut=is_cut))
