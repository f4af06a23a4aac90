"""The process that receives a phone's picture, as its source sees it: its end is a SourceError."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from vcam.address import WhipAddress
from vcam.frame import Frame
from vcam.paths import user_paths
from vcam.sources.frame_process import FrameProcess, Keeper
from vcam.whip.secrets import forget_token

PHONE = "whip://0.0.0.0:8443/phone"  # what a person's switch means: every network that the machine is in
RECEIVER = (sys.executable, "-m", "vcam.receiver")
REST_S = 15.0  # that the phone may stay connected though nobody takes its pictures


class Receiver(FrameProcess):
    """Holds a process that speaks as vcam.receiver does, and the newest frame that came from it.

    Any thread may ask it anything.
    """

    def __init__(self, address: WhipAddress, command: Sequence[str]) -> None:
        super().__init__(command, "WebRTC")
        self.address = address
        self.url = ""  # of the page, with the token in it: for the user's own eyes
        self.code: list[str] = []  # that as the rows of a QR code
        self.sender: dict[str, Any] | None = None

    def open(self) -> Self:
        """Start it. Raises SourceError if it cannot receive."""
        self.start(lambda: self.url)
        return self

    def next_sent(self, timeout_s: float) -> Frame:
        """As `next`; TimeoutError comes at once when the sender leaves."""
        had_sender = self.sender is not None
        return self.next(timeout_s, lambda: had_sender and self.sender is None)

    def _note_word(self, word: dict[str, Any]) -> None:
        if "open" in word:
            self.url, self.code = word["open"]["url"], word["open"]["code"]
        elif "sender" in word:
            self.sender = word["sender"]

    def _note_end(self) -> None:
        self.sender = None


class Receivers(Keeper):
    """Keeps the process that receives over reopenings of its source, so that a phone stays connected.

    folder    where the phone's certificate and token are kept
    on_open   called with each process that has begun to receive
    command   what to start; address and folder are added
    rest_s    how long it goes on while its source is closed, as while nobody watches

    Any thread may ask it anything; it is a context manager.
    """

    def __init__(
        self,
        folder: Path | None = None,
        on_open: Callable[[Receiver], None] = lambda receiver: None,
        command: Sequence[str] = RECEIVER,
        rest_s: float = REST_S,
    ) -> None:
        super().__init__(rest_s)
        self._folder = folder
        self._on_open = on_open
        self._command = command
        self._receiver: Receiver | None = None
        self._opening: Receiver | None = None
        self._has_invited = False

    def take(self, address: WhipAddress) -> Receiver:
        """The process that receives at this address, started if it is not there. Raises SourceError."""
        with self._lock:
            self._keep_on()
            old = self._receiver
            if old is not None and old.address == address and not old.failure:
                return old
            self.close()
            command = [*self._command, str(address), str(self.folder)]
            self._opening = Receiver(address, command)
            self._has_invited = True
            try:
                receiver = self._receiver = self._opening.open()
            finally:
                self._opening = None
        self._on_open(receiver)
        return receiver

    def rest(self) -> None:
        """Nobody takes pictures now: end the process, if that stays so."""
        with self._lock:
            self._keep_on()
            if self._receiver is not None:
                self._close_later()

    def close(self) -> None:
        opening = self._opening
        if opening is not None:
            opening.give_up()  # it holds the lock
        with self._lock:
            self._keep_on()
            receiver, self._receiver = self._receiver, None
            if receiver is not None:
                receiver.close()

    def end(self) -> None:
        """Close it for good: another source was chosen, and the code that was shown is not valid any more."""
        self.close()
        with self._lock:
            if self._has_invited:
                self._has_invited = False
                forget_token(self.folder)

    def as_json(self) -> dict[str, object]:
        """What the panel shows: whether a phone can send, by which code, and which one does.

        `source` is the setting that switches it on.
        """
        receiver = self._receiver
        if receiver is None or receiver.failure:
            return {"source": PHONE, "is_on": False, "url": "", "code": [], "sender": None}
        shown = {"url": receiver.url, "code": receiver.code, "sender": receiver.sender}
        return {"source": PHONE, "is_on": True, **shown}

    @property
    def folder(self) -> Path:
        return self._folder or user_paths().phone
