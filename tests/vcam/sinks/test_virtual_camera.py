import shlex
from pathlib import Path

import numpy as np
import pytest
from fake_video import FakeCameras, FakeSystem

from vcam.errors import SinkError
from vcam.frame import Frame, black, from_packed, pack
from vcam.sinks.virtual import OpenWriter, VirtualCameraSink
from vcam.v4l2.nodes import VideoRoots
from vcam.v4l2loopback.cameras import find_virtual_camera, list_loopbacks, wanted_cameras
from vcam.v4l2loopback.module import CARD, MODPROBE, how_to_install, module_options, reload_command

SIZE = (64, 48)


def make(roots: VideoRoots, factory: OpenWriter, device: str | None = None) -> VirtualCameraSink:
    return VirtualCameraSink(SIZE, 30, device, factory, roots=roots)


def picture() -> Frame:
    return from_packed(np.random.default_rng(0).integers(16, 235, 64 * 48 * 3 // 2, dtype=np.uint8), SIZE)


def test_the_camera_is_found_by_its_card_name(system: FakeSystem) -> None:
    system.add_device(10, "OBS Virtual Camera")
    node = system.add_device(9, CARD)
    assert find_virtual_camera(roots=system.roots) == node


def test_a_webcam_of_that_name_is_not_taken(system: FakeSystem) -> None:
    system.add_device(0, CARD, driver="uvcvideo")
    assert find_virtual_camera(roots=system.roots) is None


def test_a_system_without_video_devices_has_no_camera(tmp_path: Path) -> None:
    assert find_virtual_camera(roots=VideoRoots(tmp_path, tmp_path)) is None


def test_cameras_are_listed_by_rising_number(system: FakeSystem) -> None:
    nodes = [system.add_device(number, f"camera {number}") for number in (10, 9, 42)]
    assert list(list_loopbacks(system.roots)) == [nodes[1], nodes[0], nodes[2]]


def test_frames_go_out_as_i420(system: FakeSystem, cameras: FakeCameras) -> None:
    node = system.add_device(42, CARD)
    sink = make(system.roots, cameras).open()
    sink.send(picture())
    camera = cameras.made[0]
    assert (camera.device, camera.size, camera.fps) == (str(node), SIZE, 30)
    assert np.array_equal(camera.sent[0], pack(picture()))


def test_close_shows_black_and_gives_the_camera_back(system: FakeSystem, cameras: FakeCameras) -> None:
    system.add_device(42, CARD)
    with make(system.roots, cameras) as sink:
        sink.send(picture())
    assert np.array_equal(cameras.made[0].sent[-1], pack(black(SIZE)))
    assert not cameras.made[0].is_open


def test_the_name_says_card_and_device(system: FakeSystem, cameras: FakeCameras) -> None:
    node = system.add_device(42, CARD)
    assert make(system.roots, cameras).open().name == f"SharpKD Camera ({node})"


def test_a_frame_of_another_size_is_refused(system: FakeSystem, cameras: FakeCameras) -> None:
    system.add_device(42, CARD)
    with pytest.raises(ValueError, match=r"32x32.*64x48"):
        make(system.roots, cameras).send(black((32, 32)))


def test_without_the_module_the_remedy_is_to_load_it(tmp_path: Path, cameras: FakeCameras) -> None:
    with pytest.raises(SinkError) as raised:
        make(VideoRoots(tmp_path, tmp_path), cameras).open()
    assert "not loaded" in str(raised.value)
    assert str(raised.value).endswith(MODPROBE)


def test_without_the_card_the_message_lists_the_others(system: FakeSystem, cameras: FakeCameras) -> None:
    node = system.add_device(10, "OBS Virtual Camera")
    with pytest.raises(SinkError) as raised:
        make(system.roots, cameras).open()
    assert f'found {node} "OBS Virtual Camera"' in str(raised.value)
    assert f'Loading the module again removes {node} "OBS Virtual Camera" for a moment' in str(raised.value)
    assert str(raised.value).endswith(
        "Run: sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback devices=2 video_nr=10,42"
        ' card_label="OBS Virtual Camera,SharpKD Camera" exclusive_caps=1,1 max_buffers=4'
    )


def test_ours_alone_is_loaded_as_every_hint_says(tmp_path: Path) -> None:
    roots = VideoRoots(tmp_path, tmp_path)
    assert reload_command(wanted_cameras(roots)) == f"sudo modprobe -r v4l2loopback && {MODPROBE}"


def test_a_number_that_another_device_has_is_left_to_it(system: FakeSystem) -> None:
    system.add_device(42, "Somebody's")
    system.add_device(43, "Logitech C920", driver="uvcvideo")
    assert wanted_cameras(system.roots) == {42: "Somebody's", 44: CARD}


@pytest.mark.parametrize("label", ['My "best" cam', "a,b", "$(reboot)", "`reboot`", "back\\slash"])
def test_a_label_stays_one_label_for_shell_and_module(label: str) -> None:
    words = dict(word.split("=") for word in shlex.split(module_options({0: label, 42: CARD})))
    assert len(words["card_label"].split(",")) == 2
    assert not set('"`$\\') & set(
        module_options({0: label}).replace('card_label="', "").replace('" excl', "")
    )


def test_a_webcam_is_never_written_to(system: FakeSystem, cameras: FakeCameras) -> None:
    node = system.add_device(0, "Logitech C920", driver="uvcvideo")
    with pytest.raises(SinkError, match="is driven by uvcvideo, not v4l2loopback"):
        make(system.roots, cameras, str(node)).open()


def test_a_node_that_is_not_there_is_named(system: FakeSystem, cameras: FakeCameras) -> None:
    with pytest.raises(SinkError, match=r"there is no video device .*video7"):
        make(system.roots, cameras, str(system.roots.dev / "video7")).open()


def test_a_camera_that_fails_while_sending_raises_sink_error(system: FakeSystem) -> None:
    system.add_device(42, CARD)
    sink = make(system.roots, FakeCameras(failure="device gone"))
    with pytest.raises(SinkError, match="stopped taking frames: device gone"):
        sink.send(picture())


def test_how_to_install_is_one_line() -> None:
    assert how_to_install()
    assert "\n" not in how_to_install()
