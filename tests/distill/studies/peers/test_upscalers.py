from pathlib import Path

import cv2
import numpy as np
import pytest
from frozen_graph import nearest
from network_files import write_upscaler
from talking_head import Film

from distill.evaluate.contenders import upscale
from distill.studies.peers.upscalers import NO_NETWORK, SCALES, nearest_scale, peer_graphs, peers
from vcam.errors import ModelError
from vcam.frame import Size, resize

SIZE: Size = (240, 144)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Peers that repeat pixels."""
    for scale in SCALES:
        (tmp_path / f"ESPCN_x{scale}.pb").write_bytes(nearest(scale))
    write_upscaler(tmp_path / "webcam_espcn_x2.onnx")
    return tmp_path


@pytest.mark.parametrize("scale", SCALES)
def test_a_luma_peer_takes_the_network_of_the_scale(film: Film, folder: Path, scale: int) -> None:
    seen = resize(film(1, SIZE)[0], (SIZE[0] // scale, SIZE[1] // scale))
    (restored,) = peers(folder, threads=1)[0].restore([seen], SIZE, [0])
    assert np.array_equal(restored.y, seen.y.repeat(scale, 0).repeat(scale, 1))
    assert np.array_equal(restored.u, upscale(seen, SIZE).u)


def test_a_size_that_is_no_multiple_is_reached_by_bicubic(film: Film, folder: Path) -> None:
    seen = resize(film(1, (250, 144))[0], (82, 48))
    (restored,) = peers(folder, threads=1)[0].restore([seen], (250, 144), [0])
    large = seen.y.repeat(3, 0).repeat(3, 1)
    assert np.array_equal(restored.y, cv2.resize(large, (250, 144), interpolation=cv2.INTER_CUBIC))


def test_at_the_same_size_a_peer_shows_the_bicubic_picture_and_says_so(film: Film, folder: Path) -> None:
    frame = film(1, SIZE)[0]
    for peer in peers(folder, threads=1):
        (restored,) = peer.restore([frame], SIZE, [0])
        assert np.array_equal(restored.y, frame.y)
        assert peer.note(1) == NO_NETWORK


def test_the_webcam_peer_doubles_and_scales_the_rest(film: Film, folder: Path) -> None:
    peer = peers(folder, threads=1)[1]
    seen = resize(film(1, SIZE)[0], (SIZE[0] // 4, SIZE[1] // 4))
    (restored,) = peer.restore([seen], SIZE, [0])
    doubled = cv2.resize(seen.y.repeat(2, 0).repeat(2, 1), SIZE, interpolation=cv2.INTER_CUBIC)
    assert restored.size == SIZE
    assert np.abs(restored.y.astype(int) - doubled).mean() < 1.5  # through 8-bit RGB and back
    assert peer.note(4) == "x2, then bicubic to x4"
    assert peer.note(2) == ""


def test_the_networks_alone_run_at_half_the_outputs_size(folder: Path) -> None:
    for peer in peers(folder, threads=1):
        run = peer.network_run(SIZE)
        assert run is not None
        run()


@pytest.mark.parametrize(("seen", "scale"), [((240, 144), 1), ((122, 72), 2), ((80, 48), 3), ((60, 36), 4)])
def test_the_scale_is_the_nearest_whole_one(seen: Size, scale: int) -> None:
    assert nearest_scale(seen, SIZE) == scale


def test_a_folder_without_peers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no peers in .*FSRCNN_x2\.pb"):
        peers(tmp_path, threads=1)


def test_a_missing_scale_is_named(folder: Path) -> None:
    (folder / "ESPCN_x3.pb").unlink()
    with pytest.raises(ModelError, match=r"cannot read the network .*ESPCN_x3\.pb"):
        peers(folder, threads=1)


def test_a_webcam_network_of_another_shape_is_refused(folder: Path) -> None:
    write_upscaler(folder / "webcam_espcn_x2.onnx", channels=1)
    with pytest.raises(ModelError, match="expected one of 3 channels"):
        peers(folder, threads=1)


def test_the_graphs_for_x2_are_those_of_the_folder(folder: Path) -> None:
    graphs = peer_graphs(folder)
    assert [node.op_type for node in graphs["webcam-ESPCN"].graph.node] == ["Resize"]
    assert set(graphs) == {peer.name for peer in peers(folder, threads=1)}


def test_a_graph_that_is_not_onnx_is_refused(tmp_path: Path) -> None:
    (tmp_path / "webcam_espcn_x2.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="expected an ONNX file"):
        peer_graphs(tmp_path)
