"""A phone's browser, or any sender by WebRTC, as a source: WHIP, received by a process of its own."""

from dataclasses import replace

from vcam.address import WhipAddress
from vcam.errors import SenderAwaitedError, SourceError
from vcam.frame import Frame, Size
from vcam.public import public_name
from vcam.sources.guard import GuardedSource
from vcam.sources.receiver import Receiver, Receivers

READ_S = 2.0


class WhipSource(GuardedSource):
    """Frames of whoever sends to an address of ours; the newest, as they come.

    address    where a sender is awaited
    receivers  keeps the process that receives over reopenings; None: one for a single opening
    read_s     longest wait for a frame before SourceError

    Once open: `size` is the first frame's; a phone that is turned changes it, and that frame is a cut, as the
    first one is. `captured_ns` is the sender's time, see CaptureClock.

    `__enter__` raises SenderAwaitedError if nobody sends within `read_s`, but goes on to answer meanwhile;
    SourceError if it cannot receive. `__next__` raises the first of them when the sender leaves or is silent.
    """

    fps = 30.0

    def __init__(
        self, address: WhipAddress, receivers: Receivers | None = None, *, read_s: float = READ_S
    ) -> None:
        self.address = address
        self.name = public_name(str(address))
        self.size: Size = (0, 0)
        self._is_own = receivers is None
        self._receivers = receivers or Receivers()
        self._read_s = read_s
        self._receiver: Receiver | None = None
        self._first: Frame | None = None

    def _enter(self) -> None:
        self._receiver = self._receivers.take(self.address)
        self._receiver.drop()
        self._first = self._next()
        self.size = self._first.size

    def _read(self) -> Frame:
        first, self._first = self._first, None
        if first is not None:
            return replace(first, is_cut=True)
        return self._next()

    def _close(self) -> None:
        self._receiver = self._first = None
        if self._is_own:
            self._receivers.close()
        else:
            self._receivers.rest()

    def _next(self) -> Frame:
        if self._receiver is None:
            raise ValueError("the source is not open: use it in a with statement")
        try:
            return self._receiver.next_sent(self._read_s)
        except TimeoutError:
            raise self._say_awaited() from None

    def _say_awaited(self) -> SourceError:
        if self._is_own:
            return SourceError(
                "no phone sends a picture, and nobody is shown how: run it with sharpkd run or start"
            )
        if self._receiver is not None and self._receiver.sender is not None:
            why = f"the phone sent no picture for {self._read_s:g} s: check its page, and its network"
            return SenderAwaitedError(why)
        return SenderAwaitedError(
            "no phone sends a picture: scan the panel's code with one, and press Start on its page"
        )
