"""The controls that the user wants a camera to have, set at each opening: calling programs change them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from vcam.deadline import NoAnswerError, call_within
from vcam.sources.devices import CaptureDevice, is_meant
from vcam.v4l2.controls import Control, Wanted, apply_controls, list_controls
from vcam.v4l2.device import Kernel, Linux
from vcam.v4l2.mains import mains_hz

Tables: TypeAlias = Mapping[str, Mapping[str, Wanted]]  # by the camera's name, then by the control's

CONTROLS_S = 3.0  # a camera answers each in milliseconds; some have forty
MAINS = "power_line_frequency"
BY_REGION = "region"
NO_REGION = f"{MAINS} = '{BY_REGION}' cannot be set: the time zone names no country with one mains frequency"


def wanted_of(device: CaptureDevice, tables: Tables) -> dict[str, Wanted]:
    """What is wanted of a camera: all tables whose name means it, the later ones over the earlier ones."""
    return {
        control: value
        for name, table in tables.items()
        if is_meant(device, name)
        for control, value in table.items()
    }


def apply_tables(
    device: CaptureDevice,
    tables: Tables,
    kernel: Kernel | None = None,
    region: Callable[[], int | None] = mains_hz,
) -> tuple[str, ...]:
    """Set a camera's controls; returns what could not be done, in sentences. Raises nothing of a camera's."""
    wanted = wanted_of(device, tables)
    found = []
    if wanted.get(MAINS) == BY_REGION:
        hz = region()
        wanted[MAINS] = f"{hz} Hz"
        if hz is None:
            del wanted[MAINS]
            found.append(NO_REGION)
    if wanted:
        found += _apply_within(device.path, wanted, kernel or Linux())
    return tuple(f"{device.name}: {sentence}" for sentence in found)


def controls_of(path: Path, kernel: Kernel | None = None) -> list[Control]:
    """A camera's controls; none if it cannot be asked."""
    kernel = kernel or Linux()

    def ask() -> list[Control]:
        with _opened(path, kernel) as node:
            return list_controls(kernel, node)

    try:
        return call_within(CONTROLS_S, f"list the controls of {path}", ask)
    except (OSError, TimeoutError):
        return []


def _apply_within(path: Path, wanted: Mapping[str, Wanted], kernel: Kernel) -> list[str]:
    def work() -> list[str]:
        with _opened(path, kernel) as node:
            return apply_controls(kernel, node, wanted)

    try:
        return call_within(CONTROLS_S, f"set the controls of {path}", work)
    except NoAnswerError as error:
        return [f"its controls could not be set: its driver has not answered for {error.waited_s:g} s"]
    except OSError as error:
        return [f"its controls could not be set: {error.strerror}"]


@contextmanager
def _opened(path: Path, kernel: Kernel) -> Iterator[int]:
    node = kernel.open(str(path))
    try:
        yield node
    finally:
        kernel.close(node)
