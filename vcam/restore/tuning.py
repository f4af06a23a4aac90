"""A network that fits the damage at hand: looked at now and then, mixed again when it has changed."""

import atexit
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

from vcam.frame import Size
from vcam.restore.cells import Cells
from vcam.restore.model import Network, Shares, does_nothing

LOOK_EVERY = 15  # frames: half a second
FIRST_WAIT = 1  # frames from a new picture's look to the next; then twice as long each time, up to LOOK_EVERY
INERTIA = 0.5  # how much of the last estimate stays: one odd frame is no change of the link
EXIT_S = 5.0  # for a network that is being opened when the program ends
TOLERANCE = 0.15  # sum of the shares' differences under which the network stays, 0..2


Prepare: TypeAlias = Callable[[Callable[[], Network], Cells], "Future[Network]"]


class Gauged(Protocol):
    """What is used of a student; see vcam.restore.model.Model."""

    @property
    def alike(self) -> Network: ...

    @property
    def all_alike(self) -> Shares: ...

    def measure(self, cells: Cells) -> Shares: ...

    def network(self, shares: Shares, crispness: float) -> Network: ...


def prepare_here(open_network: Callable[[], Network], cells: Cells) -> "Future[Network]":
    """Open a network now: the same frames always get the same networks. For files."""
    prepared: Future[Network] = Future()
    prepared.set_result(open_network())
    return prepared


def prepare_beside(open_network: Callable[[], Network], cells: Cells) -> "Future[Network]":
    """Open a network and run it on these cells once, in a thread that ends with it: frames go on meanwhile.

    The first run is slow: it takes memory, and on a GPU chooses its kernels. For live pictures.
    """
    prepared: Future[Network] = Future()

    def work() -> None:
        try:
            network = open_network()
            network.residual(cells)
            prepared.set_result(network)
        except Exception as error:  # the thread's boundary: raised where the network is taken
            prepared.set_exception(error)
        finally:
            atexit.unregister(thread.join)

    thread = threading.Thread(target=work, name="network", daemon=True)
    # an interpreter that ends unwinds threads that come back from ONNX Runtime, which aborts the process
    atexit.register(thread.join, EXIT_S)
    thread.start()
    return prepared


class Tuning:
    """Hands out the network for what is seen. What it holds belongs to one stream of frames.

    It looks twice a second, and more often at first: an encoder's first picture is its worst. The network in
    use stays until the next one is ready.

    crispness  see Model.network; may be set by any thread
    prepare    opens a network, here or beside
    """

    def __init__(self, model: Gauged, crispness: float = 0.0, prepare: Prepare = prepare_here) -> None:
        self.crispness = crispness
        self._model = model
        self._prepare = prepare
        self._seen: Size | None = None
        self._frames = 0  # since the last look
        self._wait = FIRST_WAIT  # frames from the last look to the next
        self._estimate: Shares = model.all_alike
        self._network = model.alike
        self._fits: Fit | None = None  # what the network is for; None before the first was mixed
        self._coming: tuple[Fit, Future[Network]] | None = None

    @property
    def shares(self) -> Shares:
        """How the picture is damaged, as estimated last."""
        return self._estimate

    def network(self, cells: Cells, seen: Size, is_cut: bool) -> Network:
        """The network for this frame.

        seen    (width, height) of the frame as it came: another one means another rate
        is_cut  what was seen before says nothing of it

        Raises what opening a network raised.
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
        self._take()
        self._mix(cells)
        self._take()  # one that was prepared here is there at once
        return self._network

    def _look(self, cells: Cells, inertia: float) -> None:
        self._frames = 0
        self._estimate = inertia * self._estimate + (1 - inertia) * self._model.measure(cells)

    def _mix(self, cells: Cells) -> None:
        """Ask for another network where the one in use does not fit, one at a time."""
        wanted = Fit(self._estimate, self.crispness)
        if self._coming is not None or (self._fits is not None and self._fits.is_near(wanted)):
            return
        open_network = partial(self._model.network, wanted.shares, wanted.crispness)
        self._coming = wanted, self._prepare(open_network, cells)

    def _take(self) -> None:
        """Use the network that was asked for, once it is ready."""
        if self._coming is None or not self._coming[1].done():
            return
        (fits, coming), self._coming = self._coming, None
        self._network, self._fits = coming.result(), fits


@dataclass(frozen=True)
class Fit:
    """What a network was mixed for."""

    shares: Shares
    crispness: float

    def is_near(self, other: "Fit") -> bool:
        """Whether a network for this one is good enough for the other."""
        distance = abs(self.shares - other.shares).sum()
        is_as_idle = does_nothing(self.shares) == does_nothing(other.shares)
        return self.crispness == other.crispness and is_as_idle and bool(distance <= TOLERANCE)
