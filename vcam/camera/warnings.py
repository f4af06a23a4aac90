"""Problems that do not stop the camera, each in one sentence with its remedy."""

from collections.abc import Iterator

from vcam.camera.parts import Chain
from vcam.camera.policy import Health
from vcam.camera.reconnecting_sink import ReconnectingSink
from vcam.config import CONTROL_PREFIX, Config
from vcam.pipeline import Sink, Source
from vcam.restore import CPU_PROVIDER, gpu_needs
from vcam.sources import WebcamSource

GPUS = ("cuda", "tensorrt")


def find_warnings(
    config: Config,
    chain: Chain,
    health: Health,
    source: Source | None,
    sink: Sink,
    lag: float,
    state: str,
    mains_hz: int | None = None,
) -> Iterator[str]:
    """What `status` shows beside the state.

    source    None while it is closed
    lag       share of the camera's frames that came while a stage was busy
    state     as `status` shows it; its cause is not repeated
    mains_hz  of the light that drifts through the source's picture; None if none does
    """
    if isinstance(sink, ReconnectingSink) and sink.cause and sink.cause not in state:
        yield f"no output: {sink.cause}"
    yield from health.awaited
    if source is not None:
        yield from getattr(source, "warnings", ())
    if mains_hz and isinstance(source, WebcamSource):
        yield (
            f"the room's light drifts or flickers in the picture, as mains of {mains_hz} Hz make it;"
            f" run: sharpkd set --save '{CONTROL_PREFIX}{source.name}.power_line_frequency' '{mains_hz} Hz'"
        )
    if health.model_error:
        yield f"{'kept the old model' if chain.restorer else 'still no model'}: {health.model_error}"
    if config.crispness and chain.restorer and chain.restorer.model.spec.looks == 1:
        name = chain.restorer.model.spec.name
        yield (
            f"crispness = {config.crispness:g}, but the model {name} has no crisp look;"
            " run: sharpkd set crispness 0, or use a version that has one: sharpkd model list"
        )
    if lag:
        yield (
            f"too slow for this camera: {lag:.0%} of its last frames came while another was being restored."
            " Close what takes the processor, or choose a faster model or a smaller size"
        )
    if chain.restorer and config.provider in GPUS and chain.restorer.model.provider == CPU_PROVIDER:
        yield (
            f"provider = {config.provider}, but the model runs on the CPU: install {gpu_needs()},"
            " or run: sharpkd set provider cpu"
        )
    engine = chain.restorer.model.health if chain.restorer else None
    if engine and engine.fault:
        yield (
            f"the CPU runs the model, not {engine.name}: {engine.fault};"
            " try it again: sharpkd bench --engines, or leave it out: sharpkd set provider cpu"
        )
