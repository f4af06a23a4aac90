import json
from pathlib import Path

import numpy as np
import pytest
from network_files import write_network
from talking_head import Film

from distill.evaluate.contenders import from_rgb, to_rgb, upscale
from distill.evaluate.recipe_network import RecipeNetwork, open_recipe, recipe_networks
from vcam.errors import ModelError
from vcam.frame import Frame, Size, resize

SIZE: Size = (160, 96)


def is_same(a: Frame, b: Frame) -> bool:
    return all(np.array_equal(x, y) for x, y in zip((a.y, a.u, a.v), (b.y, b.u, b.v), strict=True))


def test_a_luma_network_that_does_nothing_shows_the_bicubic_picture(film: Film, tmp_path: Path) -> None:
    network = RecipeNetwork(write_network(tmp_path / "still.onnx"), threads=1)
    seen = [resize(frame, (80, 48)) for frame in film(4, SIZE)]
    restored = list(network.restore(seen, SIZE, [1, 3]))
    assert is_same(restored[0], upscale(seen[1], SIZE))
    assert is_same(restored[1], upscale(seen[3], SIZE))


def test_an_rgb_network_sees_full_range_and_changes_colours(film: Film, tmp_path: Path) -> None:
    network = RecipeNetwork(write_network(tmp_path / "dim.onnx", "rgb", gain=0.5), threads=1)
    truth = film(1, SIZE)[0]
    (restored,) = network.restore([truth], SIZE, [0])
    assert is_same(restored, from_rgb(to_rgb(truth) * 0.5, truth))
    assert not np.array_equal(restored.u, truth.u)


@pytest.mark.parametrize("colour", ["luma", "rgb"])
@pytest.mark.parametrize(
    ("shown", "index", "expected"), [(0, 3, 1), (4, 3, 5), (0, 1, 0), (4, 5, 5), (2, 3, 3)]
)
def test_a_window_holds_the_neighbours_and_repeats_the_clips_ends(
    film: Film, tmp_path: Path, colour: str, shown: int, index: int, expected: int
) -> None:
    path = write_network(tmp_path / "window.onnx", colour, frames=5, shown=shown)
    seen = film(6, SIZE)
    (restored,) = RecipeNetwork(path, threads=1).restore(seen, SIZE, [index])
    whole = seen[expected] if colour == "luma" else from_rgb(to_rgb(seen[expected]), seen[expected])
    assert np.array_equal(restored.y, whole.y)


@pytest.mark.parametrize("colour", ["luma", "rgb"])
def test_a_picture_is_padded_to_the_multiple_and_cut_again(film: Film, tmp_path: Path, colour: str) -> None:
    size = (150, 98)
    path = write_network(tmp_path / "blocks.onnx", colour, multiple=16)
    (restored,) = RecipeNetwork(path, threads=1).restore(film(1, size), size, [0])
    assert restored.size == size
    assert abs(restored.y.astype(int) - film(1, size)[0].y).max() <= 2  # RGB and back, in 8 bits


def test_what_lies_outside_the_range_is_clipped(film: Film, tmp_path: Path) -> None:
    path = write_network(tmp_path / "loud.onnx", gain=9)
    (restored,) = RecipeNetwork(path, threads=1).restore(film(1, SIZE), SIZE, [0])
    assert restored.y.max() == 255


def test_the_network_alone_runs_at_an_outputs_size(tmp_path: Path) -> None:
    network = RecipeNetwork(write_network(tmp_path / "blocks.onnx", "rgb", 3, multiple=8), threads=1)
    network.network_run((150, 98))()


def test_a_record_says_what_a_network_is(tmp_path: Path) -> None:
    path = write_network(tmp_path / "big.onnx")
    record = {"kind": "teacher", "title": "A big one", "macs_per_pixel": 9000}
    (tmp_path / "big.json").write_text(json.dumps(record))
    network = open_recipe(path, threads=1)
    assert (network.name, network.kind, network.title) == ("big", "teacher", "A big one")


def test_the_networks_of_a_folder_come_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_network(tmp_path / f"{name}.onnx")
    assert [network.name for network in recipe_networks(tmp_path, 1)] == ["a", "b"]
    assert recipe_networks(tmp_path / "nothing", 1) == []


def test_other_weights_have_another_key(tmp_path: Path) -> None:
    first, second = (RecipeNetwork(write_network(tmp_path / "a.onnx", gain=gain), 1) for gain in (1, 2))
    assert first.key != second.key


@pytest.mark.parametrize("changed", [{"colour": "grey"}, {"frames": "x"}, {"name": ""}, {"multiple": "0"}])
def test_metadata_that_is_wrong_is_refused(tmp_path: Path, changed: dict[str, str]) -> None:
    path = write_network(tmp_path / "wrong.onnx", changed=changed)
    with pytest.raises(ModelError, match=r"wrong\.onnx.*export it again"):
        RecipeNetwork(path, threads=1)


def test_metadata_that_the_graph_contradicts_is_refused(tmp_path: Path) -> None:
    path = write_network(tmp_path / "wrong.onnx", "luma", frames=3, changed={"colour": "rgb"})
    with pytest.raises(ModelError, match="expected seen, float, 9 channels"):
        RecipeNetwork(path, threads=1)


def test_a_file_that_is_no_network_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("hello")
    with pytest.raises(ModelError, match=r"cannot load .*text\.onnx"):
        RecipeNetwork(path, threads=1)
    with pytest.raises(ModelError, match=r"cannot read the network .*gone\.onnx"):
        RecipeNetwork(tmp_path / "gone.onnx", threads=1)


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    path = write_network(tmp_path / "a.onnx")
    (tmp_path / "a.json").write_text('{"kind": "pupil", "title": "x"}')
    with pytest.raises(ModelError, match=r"a\.json lacks or misspells 'pupil'"):
        open_recipe(path, threads=1)
