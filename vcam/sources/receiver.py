"""The process that receives a phone's picture, as its source sees it: its end is a SourceError."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from vcam.address import WhipAddress
from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.paths import user_paths
from vcam.whip.secrets import forget_token
from vcam.whip.wire import read_one

PHONE = "whip://0.0.0.0:8443/phone"  # what a person's switch means: every network that the machine is in
RECEIVER = (sys.executable, "-m", "vcam.receiver")
START_S = 60.0  # to start a Python on a busy machine
END_S = 3.0
REST_S = 15.0  # that the phone may stay connected though nobody takes its pictures


class Receiver:
    """Holds a process that speaks as vcam.receiver does, and the newest frame that came from it.

    Any thread may ask it anything.
    """

    def __init__(self, address: WhipAddress, command: Sequence[str]) -> None:
        self.address = address
        self.url = ""  # of the page, with the token in it: for the user's own eyes
        self.code: list[str] = []  # that as the rows of a QR code
        self.sender: dict[str, Any] | None = None
        self.failure = ""
        self._command = command
        self._frame: Frame | None = None
        self._changed = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None

    def open(self) -> Self:
        """Start it. Raises SourceError if it cannot receive."""
        process = self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        self._listener = threading.Thread(
            target=self._listen, args=(process.stdout,), name="receiver", daemon=True
        )
        self._listener.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self.url or self.failure, START_S):
                self.failure = f"the process for WebRTC did not answer within {START_S:.0f} s"
        if self.failure:
            self.close()
            raise SourceError(self.failure)
        return self

    def give_up(self) -> None:
        """Have `open` end now, in whatever thread it waits."""
        with self._changed:
            self.failure = self.failure or "the process for WebRTC is not wanted any more"
            self._changed.notify_all()

    def next(self, timeout_s: float) -> Frame:
        """The newest frame that was not taken yet.

        Raises TimeoutError after `timeout_s`, or at once when the sender leaves; SourceError if the process
        has ended.
        """
        with self._changed:
            had_sender = self.sender is not None
            self._changed.wait_for(
                lambda: self._frame or self.failure or (had_sender and self.sender is None), timeout_s
            )
            frame, self._frame = self._frame, None
            if frame is None and self.failure:
                raise SourceError(self.failure)
        if frame is None:
            raise TimeoutError
        return frame

    def drop(self) -> None:
        """Forget a frame that waits: it may be old."""
        with self._changed:
            self._frame = None

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert self._listener is not None
        self._listener.join(END_S)
        if process.stdout is not None and not self._listener.is_alive():
            process.stdout.close()

    def _listen(self, stream: BinaryIO) -> None:
        """The thread that takes frames and words, until the process ends."""
        why = "the process for WebRTC has ended"
        try:
            while (one := read_one(stream)) is not None:
                with self._changed:
                    self._note(one)
                    self._changed.notify_all()
        except (SourceError, ValueError, OSError) as error:
            why = f"the process for WebRTC failed: {error}"
        with self._changed:
            self.failure = self.failure or why
            self.sender = self._frame = None
            self._changed.notify_all()

    def _note(self, one: Frame | dict[str, Any]) -> None:
        if isinstance(one, Frame):
            is_cut = one.is_cut or (self._frame is not None and self._frame.is_cut)
            self._frame = Frame(one.y, one.u, one.v, one.index, one.captured_ns, is_cut)
        elif "error" in one:
            self.failure = str(one["error"])
        elif "open" in one:
            self.url, self.code = one["open"]["url"], one["open"]["code"]
        elif "sender" in one:
            self.sender = one["sender"]


class Receivers:
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
        self._folder = folder
        self._on_open = on_open
        self._command = command
        self._rest_s = rest_s
        self._lock = threading.RLock()
        self._receiver: Receiver | None = None
        self._opening: Receiver | None = None
        self._timer: threading.Timer | None = None
        self._has_invited = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
                timer = self._timer = threading.Timer(self._rest_s, lambda: self._close_rested(timer))
                timer.daemon = True
                timer.start()

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

    def _close_rested(self, timer: threading.Timer) -> None:
        with self._lock:
            if timer is self._timer:  # else somebody takes pictures again since it rang
                self.close()

    def _keep_on(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
