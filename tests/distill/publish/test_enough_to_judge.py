from pathlib import Path

import pytest
from media_files import write_clip
from talking_head import Film

from distill.publish.judgement import open_judge
from distill.recipe import Data, Recipe
from vcam.errors import ModelError

RECIPE = Recipe("toy", data=Data(side=48, kept=32))


def film_of(folder: Path, film: Film, *lengths: int) -> Path:
    folder.mkdir()
    for number, length in enumerate(lengths):
        write_clip(folder / f"{number}.mp4", film(length, (96, 64)))
    return folder


@pytest.mark.parametrize(
    ("lengths", "found"),
    [((20,), "nothing can be held out to judge by"), ((60, 60), "48 frames are held out to judge by")],
)
def test_too_little_to_judge_by_is_refused_with_how_much_is_needed(
    tmp_path: Path, film: Film, lengths: tuple[int, ...], found: str
) -> None:
    with pytest.raises(ModelError) as caught:
        open_judge(RECIPE, [film_of(tmp_path / "mine", film, *lengths)])
    assert str(caught.value) == (
        f"not published: {found}, expected at least 96, the last fifth of 480; "
        "add clips until they are 16 s long in all, or two or more stills"
    )


@pytest.mark.parametrize("lengths", [(480,), (100, 100, 100, 100)])
def test_sixteen_seconds_are_enough_to_judge_by(tmp_path: Path, film: Film, lengths: tuple[int, ...]) -> None:
    open_judge(RECIPE, [film_of(tmp_path / "mine", film, *lengths)])
