"""From the running parts to the Status that clients read."""

import os
import time
from importlib.metadata import PackageNotFoundError, version

from vcam.camera.parts import Chain
from vcam.camera.policy import Health
from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.camera.source_gate import IDLE, ClosedReason
from vcam.camera.wishes import ADJUST_KEYS, describe_wishes
from vcam.config import Config
from vcam.control.status import Status
from vcam.link import PROFILES
from vcam.meter import MeterReading
from vcam.pipeline import FINISH, Pipeline, Sink
from vcam.v4l2loopback.module import how_to_install

PREVIEW = "preview"
FAILED_STATES = (
    ("restore", "pass-through"),
    ("link", "running without its link"),
    (FINISH, "running without its adjustments"),
)


def name_state(pipeline: Pipeline, health: Health, closed: ClosedReason | None, sink: Sink) -> str:
    """The state in words, with the cause where something is wrong."""
    output = sink if isinstance(sink, ReconnectingSink) else None
    if closed is not None:
        if output and output.is_released:
            return f"{closed.state}: the output is released"
        if not (closed is IDLE and output and output.cause):  # of an output that is gone, idle is no surprise
            return closed.state
    if output and output.cause:
        return f"waiting for output: {output.cause}"
    if health.camera_error:
        return f"waiting for camera: {health.camera_error}"
    if pipeline.latest() is None:
        return "starting"
    for name, state in FAILED_STATES:
        error = health.stage_errors.get(name)  # asked once: a reload may take it away meanwhile
        if error is not None:
            return f"{state}: {error}"
    return "running"


def make_status(
    config: Config,
    chain: Chain,
    reading: MeterReading,
    *,
    state: str,
    source: str,
    sink: Sink,
    since_s: float,
) -> Status:
    """Put together what `status` prints; `since_s` is time.monotonic() of the start."""
    model = chain.restorer.model if chain.restorer else None
    stats = chain.link.stats if chain.link else None
    lost = {"link_skipped": stats.skipped, "link_lost": stats.lost} if stats else {}
    sink_name = str(getattr(sink, "name", config.sink))
    return Status(
        state=state,
        provider=model.provider if model else "none",
        model=f"{model.spec.name} ({model.precision})" if model else "none",
        source=source,
        sink=sink_name,
        size=config.size,
        strength=config.strength,
        crispness=config.crispness if model and model.spec.looks > 1 else None,
        denoise=config.denoise if model and model.spec.fused else None,
        unchanged=round(1 - chain.restorer.computed, 3) if chain.restorer else None,
        link=config.link if chain.link else None,
        link_profiles=tuple(PROFILES),
        fps=round(reading.fps, 2),
        sent=reading.sent,
        fresh=reading.fresh,
        age_ms=reading.age_ms,
        stage_ms=reading.stage_ms,
        drops={**reading.drops, **lost},
        kbps=round(stats.kbps, 1) if stats else None,
        audio_delay_ms=round(reading.age_ms.p50),
        warm_up_ms=round(model.warm_up_ms, 2) if model else None,
        uptime_s=round(time.monotonic() - since_s, 1),
        pid=os.getpid(),
        version=program_version(),
        hint=how_to_install() if sink_name == PREVIEW else "",
        picture={key: getattr(config, key) for key in ADJUST_KEYS},
        adjusted=describe_wishes(config),
        controls=config.camera,
        cpu=config.cpu,
        link_kbps={name: profile.kbps for name, profile in PROFILES.items()},
    )


def program_version() -> str:
    try:
        return version("sharpkd-camera")
    except PackageNotFoundError:
        return "unknown"
