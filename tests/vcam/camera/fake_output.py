"""An output that a test takes away and gives back, and a clock that moves only when it says so."""

from dataclasses import dataclass, field

import numpy as np

from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.errors import SinkError
from vcam.frame import Frame, black
from vcam.sinks import NullSink

CARD = black((64, 48))
S = 1_000_000_000


@dataclass
class FakeNode:
    """A node as its opener has it; `world` decides whether it still takes frames."""

    world: "FakeOutput"
    name: str
    is_open: bool = True

    def send(self, frame: Frame) -> None:
        assert self.is_open, "a frame after the close"
        if self.world.fault or not self.world.is_there or self.name != self.world.name:
            raise SinkError(self.world.fault or f"{self.name} is gone")
        self.world.sent += 1

    def close(self) -> None:
        assert self.is_open, "closed twice"
        self.is_open = False
        self.world.open_nodes -= 1
        if self.world.cannot_close:
            raise self.world.closing_error


@dataclass
class FakeOutput:
    """What a ReconnectingSink is given to open, and what it made of that.

    fault     why opening and sending fail now; empty where they do not
    has_page  the page stands in where no node exists, as with `auto`
    """

    name: str = "SharpKD Camera (/dev/video42)"
    fault: str = ""
    is_there: bool = True
    has_page: bool = False
    cannot_close: bool = False
    closing_error: Exception = field(default_factory=lambda: OSError("it is gone"))
    opening_error: Exception | None = None  # other than a SinkError
    now_ns: int = 7 * S
    sent: int = 0
    moves: int = 0
    looks: int = 0
    open_nodes: int = 0
    changed_ns: int = 0
    nodes: list[FakeNode] = field(default_factory=list)
    tries_ns: list[int] = field(default_factory=list)

    def open(self) -> FakeNode | NullSink:
        self.tries_ns.append(self.now_ns)
        if self.opening_error:
            raise self.opening_error
        if not self.is_there and self.has_page:
            return NullSink("preview")
        if self.fault or not self.is_there:
            raise SinkError(self.fault or "there is no camera")
        self.nodes.append(FakeNode(self, self.name))
        self.open_nodes += 1
        assert self.open_nodes <= 1, "two are open at a time"
        return self.nodes[-1]

    def look(self) -> bool:
        self.looks += 1
        return self.is_there

    def clock(self) -> int:
        return self.now_ns

    def befall(self, rng: np.random.Generator) -> None:
        """Something happens: the node goes, comes, moves, fails, cannot be closed, or all is well again."""
        self.is_there = bool(rng.random() < 0.8)
        self.fault = f"fault {rng.integers(9)}" if rng.random() < 0.4 else ""
        self.cannot_close = bool(rng.random() < 0.5)
        self.name = f"/dev/video{rng.integers(3)}"
        self.changed_ns = self.now_ns

    @property
    def well_s(self) -> float:
        """For how long nothing has been wrong, 0 if something is."""
        return (self.now_ns - self.changed_ns) / S if self.is_there and not self.fault else 0.0

    def keep(self) -> ReconnectingSink:
        """A ReconnectingSink on this output, opened."""
        kept = ReconnectingSink(self.open, self.look, self.clock)
        kept.on_move = self._note_move
        return kept.open()

    def run(self, kept: ReconnectingSink, seconds: float, step_s: float = 0.1) -> int:
        """Let so much time pass with a frame each step; returns how many of them got out."""
        published = 0
        for _ in range(round(seconds / step_s)):
            self.now_ns += round(step_s * S)
            published += kept.send(CARD)
        return published

    def _note_move(self) -> None:
        self.moves += 1
