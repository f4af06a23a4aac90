from itertools import islice

import numpy as np
import pytest

from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.sources.file import FileSource
from vcam.sources.sample import PERSON, sample_source, still_sample_source
from vcam.sources.still import StillSource

COUNT = 30


def still_frames() -> list[Frame]:
    with still_sample_source(realtime=False) as source:
        return list(islice(source, COUNT))


def test_around_the_person_nothing_ever_changes() -> None:
    left, top, right, bottom = PERSON
    frames = still_frames()
    for frame in frames[1:]:
        for plane, first, side in (
            (frame.y, frames[0].y, 1),
            (frame.u, frames[0].u, 2),
            (frame.v, frames[0].v, 2),
        ):
            differs = plane != first
            differs[top // side : bottom // side, left // side : right // side] = False
            assert not differs.any()


def test_the_person_moves_as_in_the_clip() -> None:
    left, top, right, bottom = PERSON
    with sample_source(realtime=False) as source:
        clip = list(islice(source, COUNT))
    for frame, wanted in zip(still_frames(), clip, strict=True):
        assert np.array_equal(frame.y[top:bottom, left:right], wanted.y[top:bottom, left:right])
        assert (frame.index, frame.captured_ns, frame.is_cut) == (
            wanted.index,
            wanted.captured_ns,
            wanted.is_cut,
        )


def test_a_missing_file_is_said_as_the_file_source_says_it() -> None:
    with pytest.raises(SourceError, match="no file"), StillSource(FileSource("/no/such.mp4"), PERSON):
        pass
