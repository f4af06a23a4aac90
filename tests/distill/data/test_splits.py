from pathlib import Path

import numpy as np

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.calls import CallClips, WebcamClips
from distill.data.media import Media, list_media
from distill.data.splits import calls, webcam
from distill.recipe import Data

DATA = Data(side=48, kept=32, frames=2, holdout=4)


def test_calls_and_webcams_draw_from_stills_and_clips(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    for name in ("a.png", "b.mp4"):
        (folder / name).touch()
    assert calls(DATA, [folder]).train == CallClips(list_media([folder]), 48, 32, 2)
    assert webcam(DATA, [folder]).train == WebcamClips(list_media([folder]), 48, 32, 2)


def test_a_webcam_damages_without_a_link(media_folder: Path) -> None:
    media = Media(tuple(path for path in list_media([media_folder]).stills if "still" in path.name), ())
    draw = WebcamClips(media, 48, 32, 2)
    found = [draw(np.random.default_rng(seed)) for seed in range(40)]
    kinds = [DAMAGE_CLASSES[part.kinds[0]] for part in found]
    # a tenth of 40 draws is clean
    assert set(kinds) == {"clean", "camera"}
    assert kinds.count("camera") > 30
    still = next(part.clips for part in found if part.kinds[0] == DAMAGE_CLASSES.index("camera"))
    assert not np.array_equal(still[0, 0, 0], still[0, 1, 0])  # noise changes from frame to frame
