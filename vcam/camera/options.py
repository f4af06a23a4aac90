"""How a camera runs, apart from its Config."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from vcam.camera.history import History
from vcam.config import Config
from vcam.config_file import SavedSettings
from vcam.live_opinions import LiveOpinions
from vcam.paths import videos_folder
from vcam.pipeline import Clock
from vcam.presence import Presence


@dataclass(frozen=True)
class CameraOptions:
    """How a camera runs, apart from its Config.

    is_patient  keep running after a failure, as the daemon does; False: the first failure ends the run
    limit       number of frames to send; None for no limit
    seed        of the simulated link's losses
    saved       the configuration's file, for a reload and to save into; None: there is none
    presence    tells whether somebody watches; by default somebody always does
    clock       of periodic work, monotonic nanoseconds
    begin_call  called before the source is opened again after it was closed on purpose
    watchers    names of the programs that watch
    videos      where recordings go
    check       looks for what a Config's changed settings name; gets their names. Returns a sentence for
                each device that is awaited, raises VcamError for what is not there; by default all is
    opinions    where judgements of the picture are kept; None: nowhere
    history     samples of the last minutes, which a camera that takes the place of this one goes on with
    """

    is_patient: bool = True
    limit: int | None = None
    seed: int = 0
    saved: SavedSettings | None = None
    presence: Presence = field(default_factory=Presence)
    clock: Clock = time.monotonic_ns
    begin_call: Callable[[], None] = lambda: None
    watchers: Callable[[], tuple[str, ...]] = lambda: ()
    videos: Callable[[], Path] = videos_folder
    check: Callable[[Config, Collection[str]], tuple[str, ...]] = lambda config, changed: ()
    opinions: LiveOpinions | None = None
    history: History = field(default_factory=History)
