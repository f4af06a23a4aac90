"""Three threads and two one-frame slots between a source and a sink; no queue anywhere.

    source -> [capture] -> slot -> [worker: stages] -> slot -> [output clock] -> sink

A slow stage drops frames and never adds lag. What to do when something fails is the Policy's to say.
"""

from vcam.pipeline.pipeline import FINISH, Pipeline, conform
from vcam.pipeline.protocols import Clock, FailFast, Finish, Policy, Result, Sink, Source, Stage, Stages
from vcam.pipeline.slot import Slot

__all__ = [
    "FINISH",
    "Clock",
    "FailFast",
    "Finish",
    "Pipeline",
    "Policy",
    "Result",
    "Sink",
    "Slot",
    "Source",
    "Stage",
    "Stages",
    "conform",
]
