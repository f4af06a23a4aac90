"""The process that shares a Wayland desktop's screen, and how long it goes on while its source is closed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vcam.errors import SourceError
from vcam.paths import user_paths
from vcam.sources.frame_process import FrameProcess, Keeper

SCREENCAST = (sys.executable, "-m", "vcam.screencast")
REST_S = 5.0  # a source that waits for a person is opened again much sooner
AGAIN = "to be asked again, choose the source again or start the camera again"


class Share(FrameProcess):
    """Holds a process that speaks as vcam.screencast does.

    is_asking  whether a person is asked, or has been
    is_shared  whether its pictures can come
    declined   why they do not want to; empty if they do
    """

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__(command, "the screen")
        self.is_asking = self.is_shared = False
        self.declined = ""

    def _note_word(self, word: dict[str, Any]) -> None:
        self.is_asking = self.is_asking or bool(word.get("asking"))
        self.is_shared = self.is_shared or bool(word.get("shared"))
        if "declined" in word:
            self.declined = self.failure = f"{word['declined']}; {AGAIN}"


class Shares(Keeper):
    """Keeps the process over reopenings of its source until its first picture, and what was declined.

    A dialog must not vanish and come back at each attempt; nor come back when somebody has said no.

    token_file  keeps what makes the next start ask no more
    command     what to start; rate and file are added
    rest_s      how long the dialog stays while nothing reopens the source

    Any thread may ask it anything; it is a context manager.
    """

    def __init__(
        self,
        token_file: Path | None = None,
        command: Sequence[str] = SCREENCAST,
        rest_s: float = REST_S,
    ) -> None:
        super().__init__(rest_s)
        self._token_file = token_file
        self._command = command
        self._share: Share | None = None
        self._declined = ""

    def take(self, fps: float) -> Share:
        """The process whose pictures are the screen, started if it is not there. Raises SourceError."""
        with self._lock:
            self._keep_on()
            if self._declined:
                raise SourceError(self._declined)
            if self._share is not None and not self._share.failure:
                return self._share
            self.close()
            token_file = self._token_file or user_paths().screen_token
            share = self._share = Share([*self._command, f"{fps:g}", str(token_file)])
            share.start()  # what keeps it from sharing is said where its first picture is awaited
            return share

    def rest(self) -> None:
        """The source is closed: end the process, but before its first picture only if it stays so."""
        with self._lock:
            self._keep_on()
            share = self._share
            if share is None:
                return
            self._declined = self._declined or share.declined
            if share.has_sent or share.failure:
                self.close()
                return
            self._close_later()

    def close(self) -> None:
        with self._lock:
            self._keep_on()
            share, self._share = self._share, None
            if share is not None:
                share.close()

    def end(self) -> None:
        """Another source was chosen: whoever chooses the screen again is asked again."""
        self.close()
        with self._lock:
            self._declined = ""
