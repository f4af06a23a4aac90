"""What restoring makes of the test pattern, with the models that are shipped."""

from functools import cache
from itertools import islice

import pytest

from vcam.frame import Frame, Size
from vcam.manifest import read_manifest, weights_folder
from vcam.restore import Engine, Model, Restorer
from vcam.sources import PatternSource, read_stamp
from vcam.sources.bars import measure_bars

MODELS = ("fast", "best", "wide")
OUTPUT = (640, 360)


def restored(name: str, size: Size, crispness: float = 0.0) -> list[tuple[Frame, Frame]]:
    """Frames of the pattern, before and after."""
    restorer = Restorer(shipped(name), OUTPUT, strength=1.0, crispness=crispness)
    with PatternSource(size, fps=5, realtime=False) as source:
        return [
            (frame, restorer(frame)) for frame in islice(source, 8)
        ]  # more than a second: the gauge looks


@cache
def shipped(name: str) -> Model:
    return Model(read_manifest(weights_folder())[name], weights_folder(), Engine("cpu", threads=1))


@pytest.mark.parametrize("crispness", [0.0, 1.0])
@pytest.mark.parametrize("name", MODELS)
def test_flat_colours_stay_within_2_code_values(name: str, crispness: float) -> None:
    # 2 code values are not seen, and leave room for the residual's rounding
    assert max(measure_bars(after) for _, after in restored(name, OUTPUT, crispness)) <= 2


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (1280, 720)])
@pytest.mark.parametrize("name", MODELS)
def test_each_stamp_is_read_after_scaling_and_restoring(name: str, size: Size) -> None:
    assert all(read_stamp(after) == read_stamp(before) is not None for before, after in restored(name, size))
