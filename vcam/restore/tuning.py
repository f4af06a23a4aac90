"""A network that fits the damage at hand: looked at now and then, mixed anew when it has changed."""

from typing import Protocol

from vcam.frame import Size
from vcam.restore.cells import Cells
from vcam.restore.model import Network, Shares

LOOK_EVERY = 15  # frames: half a second
FIRST_WAIT = 1  # frames from a new picture's look to the next; then twice as long each time, up to LOOK_EVERY
INERTIA = 0.5  # how much of the last estimate stays: one odd frame is no change of the link
TOLERANCE = 0.15  # sum of the shares' differences under which the network stays, 0..2


class Gauged(Protocol):
    """What is used of a student; see vcam.restore.model.Model."""

    @property
    def all_alike(self) -> Shares: ...

    def measure(self, cells: Cells) -> Shares: ...

    def network(self, shares: Shares, crispness: float) -> Network: ...


class Tuning:
    """Hands out the network for what is seen. What it holds belongs to one stream of frames.

    It looks twice a second, and more often at first: an encoder's first picture is its worst.

    crispness  see Model.network; may be set by any thread
    """

    def __init__(self, model: Gauged, crispness: float = 0.0) -> None:
        self.crispness = crispness
        self._model = model
        self._seen: Size | None = None
        self._frames = 0  # since the last look
        self._wait = FIRST_WAIT  # frames from the last look to the next
        self._estimate: Shares = model.all_alike
        self._tuned: tuple[Shares, float, Network] | None = None

    def network(self, cells: Cells, seen: Size, is_cut: bool) -> Network:
        """The network for this frame.

        seen    (width, height) of the frame as it came: another one means another rate
        is_cut  what was seen before says nothing of it
        """
        is_new = is_cut or seen != self._seen
        self._seen = seen
        self._frames += 1
        if is_new:
            self._look(cells, 0.0)
            self._wait = FIRST_WAIT
        elif self._frames >= self._wait:
            self._look(cells, INERTIA)
            self._wait = min(2 * self._wait, LOOK_EVERY)
        return self._mix()

    def _look(self, cells: Cells, inertia: float) -> None:
        self._frames = 0
        self._estimate = inertia * self._estimate + (1 - inertia) * self._model.measure(cells)

    def _mix(self) -> Network:
        crispness = self.crispness
        if self._tuned is not None:
            shares, was, network = self._tuned
            if was == crispness and abs(shares - self._estimate).sum() <= TOLERANCE:
                return network
        network = self._model.network(self._estimate, crispness)
        self._tuned = (self._estimate, crispness, network)
        return network
