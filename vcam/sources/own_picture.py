"""Frames brought back to their own size while they come: looked at by a thread beside them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from vcam.frame import Frame
from vcam.sources.own_size import OwnSize, cut, find_own


class OwnPicture:
    """Cuts bars off and undoes an enlargement, see OwnSize; a thread looks, since that takes long."""

    def __init__(self) -> None:
        self._looker = ThreadPoolExecutor(1, "own size")
        self._own = self._make_own()

    def of(self, frame: Frame) -> Frame:
        """The frame in its own size. It starts again at a cut; where the size changes, the frame is one."""
        if frame.is_cut:
            self._own = self._make_own()
        is_cut = self._own.look(frame) or frame.is_cut
        assert self._own.box is not None
        return replace(cut(frame, self._own.box, self._own.size), is_cut=is_cut)

    def close(self) -> None:
        self._looker.shutdown(cancel_futures=True)

    def _make_own(self) -> OwnSize:
        return OwnSize(lambda luma: self._looker.submit(find_own, luma))
