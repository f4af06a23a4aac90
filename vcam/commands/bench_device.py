"""`bench --device`: the test pattern through camera and device, read back by a process of its own."""

import argparse
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import OFF, Chain, make_chain, make_source_of
from vcam.commands.options import read_config
from vcam.config import Config
from vcam.control.client import ControlClient
from vcam.errors import AlreadyRunningError, NotRunningError
from vcam.frame import Frame
from vcam.instance import holder
from vcam.memory import keep_freed_memory
from vcam.paths import user_paths
from vcam.pipeline import Sink
from vcam.roundtrip import Arrival, Look, Trip, measure_trip, read_elsewhere, read_here
from vcam.sinks import make_sink
from vcam.v4l2loopback.cameras import require_virtual_camera

LOOK_S = 0.05

Read: TypeAlias = Callable[[Look], list[Arrival]]


class Daemon(Protocol):
    """What is used of a ControlClient."""

    def status(self) -> dict[str, Any]: ...


class Ledger:
    """A sink before another one, that notes the numbers of the frames it lets through."""

    def __init__(self, sink: Sink) -> None:
        self.sent: set[int] = set()
        self._sink = sink

    def send(self, frame: Frame) -> None:
        self._sink.send(frame)
        self.sent.add(frame.index)

    def close(self) -> None:
        self._sink.close()


def run(args: argparse.Namespace) -> int:
    """Measure and print.

    Raises SinkError, SourceError or ModelError, and AlreadyRunningError if the daemon holds the node.
    """
    node = require_virtual_camera(args.device or None)
    if args.read_only:
        facts: dict[str, object] = {"device": str(node)}
        trip = measure_trip(read_here(node, args.seconds))
    else:
        keep_freed_memory()
        paths = user_paths()
        check_free(node, holder(*paths.locks), ControlClient(paths.socket))
        config = replace(read_config(args), source="pattern", sink=str(node), link=OFF)
        chain = make_chain(config)
        facts = describe(config, chain)
        trip = run_camera(config, chain, partial(read_elsewhere, node, args.seconds))
    show(facts, trip, args.json)
    return 0


def check_free(node: Path, pid: int | None, daemon: Daemon) -> None:
    """Raise AlreadyRunningError if this user's daemon, of this pid, publishes to the node."""
    if pid is None:
        return
    try:
        sink = str(daemon.status()["sink"])
    except NotRunningError:
        sink = f"({node})"  # it is starting, or hangs
    if f"({node})" in sink:
        raise AlreadyRunningError(
            f"{node} is held by the camera in the background, pid {pid}. Run: sharpkd stop; or measure that"
            " one as it is: sharpkd set source pattern && sharpkd bench --device --read-only"
        )


def run_camera(config: Config, chain: Chain, read: Read) -> Trip:
    """Open the virtual camera, publish the pattern to it and read it back."""
    with closing(make_sink(config.sink, size=config.size, fps=config.fps)) as sink:
        return publish(config, chain, sink, read)


def publish(config: Config, chain: Chain, sink: Sink, read: Read) -> Trip:
    """Run the camera while `read` reads what the sink publishes. Raises what ends either of them."""
    ledger = Ledger(sink)
    camera = Camera(config, chain, ledger, make_source_of, CameraOptions(is_patient=False))
    camera.start()
    try:
        while camera.latest() is None:
            camera.wait(LOOK_S)
        arrivals = read(partial(raise_end, camera))
    finally:
        camera.stop()
    return measure_trip(arrivals, ledger.sent)


def raise_end(camera: Camera) -> None:
    """Raise what has ended a camera, if something has."""
    camera.wait(0)


def describe(config: Config, chain: Chain) -> dict[str, object]:
    """What was measured, for the JSON object."""
    model = chain.restorer.model if chain.restorer else None
    return {
        "device": config.sink,
        "size": f"{config.size[0]}x{config.size[1]}",
        "nominal_fps": config.fps,
        "model": f"{model.spec.name} ({model.precision})" if model else "none",
        "strength": config.strength,
    }


def show(facts: dict[str, object], trip: Trip, is_json: bool) -> None:
    """Print a table, unless JSON alone is wanted, and one JSON object."""
    if not is_json:
        print_table(str(facts["device"]), trip)
    print(json.dumps({**facts, **as_json(trip)}))


def print_table(device: str, trip: Trip) -> None:
    latency = trip.latency_ms
    sent = "" if trip.sent is None else f", of {trip.sent} sent"
    dropped = "" if trip.dropped is None else f", {trip.dropped} dropped before the device"
    print(f"{'device':10} {device}, {trip.fps:.1f} fps")
    print(f"{'latency':10} p50 {latency.p50:.1f} ms, p95 {latency.p95:.1f} ms, from capture to arrival")
    print(f"{'frames':10} {trip.read} read{sent}, {trip.lost} lost, {trip.repeated} repeated{dropped}")
    if trip.unreadable:
        print(f"{'':10} {trip.unreadable} without a stamp that can be read")
    print(f"{'colours':10} off by {trip.deviation} code values at most, inside the bars")


def as_json(trip: Trip) -> dict[str, object]:
    latency = {"p50": trip.latency_ms.p50, "p95": trip.latency_ms.p95}
    return {**asdict(trip), "latency_ms": latency, "fps": round(trip.fps, 2)}
