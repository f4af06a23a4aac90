from pathlib import Path

import numpy as np

from bench.clip import write_clip
from vcam.sources import FileSource, sample_source


def test_the_clip_goes_on_at_its_new_rate(tmp_path: Path) -> None:
    with sample_source(loop=False, realtime=False) as source:
        clip = list(source)
    write_clip(tmp_path / "new" / "clip.mp4", 60, 2.0)
    with FileSource(tmp_path / "new" / "clip.mp4", realtime=False) as source:
        frames = list(source)
        assert source.fps == 60
    assert len(frames) == 2 * len(clip)  # 1.8 s a round at 60 fps
    steps_ms = np.diff([frame.captured_ns for frame in frames]) / 1e6
    assert abs(steps_ms - 1000 / 60).max() < 0.1  # the container counts in 16ths of a millisecond
    for index in (0, 50, len(clip) - 1, len(clip), len(frames) - 1):
        assert np.array_equal(frames[index].y, clip[index % len(clip)].y)
