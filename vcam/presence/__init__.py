"""Whether somebody watches the virtual camera, so that the webcam need not be open when nobody does.

    v4l2loopback >= 0.13, Ubuntu's 0.12.7   its events, read as a level     EventProbe
    plain 0.12.7                            who has the node open           CensusProbe
    neither                                 always present                  no probe

What is not known counts as present. Linux only; elsewhere there is no probe.
"""

from vcam.presence.census import CensusProbe
from vcam.presence.events import EventProbe
from vcam.presence.evidence import Evidence
from vcam.presence.following import FollowingProbe
from vcam.presence.kernel import WatchingKernel, WatchingLinux
from vcam.presence.presence import Presence
from vcam.presence.probe import Probe, ProbeReading
from vcam.presence.search import find_probe
from vcam.presence.watchers import Watchers

__all__ = [
    "CensusProbe",
    "EventProbe",
    "Evidence",
    "FollowingProbe",
    "Presence",
    "Probe",
    "ProbeReading",
    "Watchers",
    "WatchingKernel",
    "WatchingLinux",
    "find_probe",
]
