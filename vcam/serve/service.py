"""All that routes need: workers, jobs, limits, metrics, and whether requests are carried out."""

from dataclasses import dataclass, field

from vcam.serve.body import HeldBytes
from vcam.serve.jobs import Jobs
from vcam.serve.limits import Limits
from vcam.serve.metrics import Metrics
from vcam.serve.refusal import UNAVAILABLE, RefusedError
from vcam.serve.workers import WorkerPool

STARTING = "the models are not loaded yet; ask again in 2 s"
STOPPING = "the server is ending; ask the next one, in 5 s"


@dataclass
class Service:
    """What one server holds.

    is_stopping  set once it takes nothing new
    """

    pool: WorkerPool
    jobs: Jobs
    limits: Limits
    metrics: Metrics
    held: HeldBytes = field(init=False)
    is_stopping: bool = False

    def __post_init__(self) -> None:
        self.held = HeldBytes(self.limits.held_bytes)

    @property
    def status(self) -> str:
        if self.is_stopping:
            return "stopping"
        return "ready" if self.pool.is_ready else "starting"

    def check_ready(self) -> None:
        """Raise RefusedError (503) before the models are loaded, and once the server is ending."""
        if self.is_stopping:
            raise RefusedError(UNAVAILABLE, STOPPING, 5)
        if not self.pool.is_warm:
            raise RefusedError(UNAVAILABLE, STARTING, 2)
