from pathlib import Path

import pytest
from fake_node import FakeKernel, FakeNode

from vcam.errors import SourceError
from vcam.sources.cameras import Camera, exposes_longer, find_camera, list_cameras
from vcam.v4l2.device import Card
from vcam.v4l2.modes import EXPOSURE_DYNAMIC_FRAMERATE


class Tree:
    """A /sys/class/video4linux and a /dev, as a kernel with these cameras would make them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sysfs, self.dev = root / "class", root / "dev"
        self.by_id = self.dev / "v4l" / "by-id"
        self.sysfs.mkdir()
        self.by_id.mkdir(parents=True)

    def add(self, number: int, name: str, *, bus: str = "pci0/usb1", index: int = 0, link: str = "") -> None:
        node = self.root / "devices" / bus / "video4linux" / f"video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(f"{name}\n")
        (node / "index").write_text(f"{index}\n")
        (self.sysfs / node.name).symlink_to(node)
        (self.dev / node.name).write_bytes(b"")
        if link:
            (self.by_id / link).symlink_to(self.dev / node.name)

    def list(self, cards: dict[str, Card] | None = None) -> list[Camera]:
        known = cards or {}
        return list_cameras(self.sysfs, self.dev, lambda path: known.get(path.name))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_cameras_come_in_the_order_of_their_numbers(tree: Tree) -> None:
    for number in (10, 2, 0):
        tree.add(number, f"Camera {number}")
    assert [camera.name for camera in tree.list()] == ["Camera 0", "Camera 2", "Camera 10"]


def test_a_camera_has_its_path_name_and_stable_id(tree: Tree) -> None:
    tree.add(0, "HD Pro Webcam C920", link="usb-046d_C920-video-index0")
    link = tree.by_id / "usb-046d_C920-video-index0"
    assert tree.list() == [Camera(tree.dev / "video0", "HD Pro Webcam C920", link, False)]


def test_a_loopback_is_told_by_its_place_in_sysfs(tree: Tree) -> None:
    tree.add(42, "Looks Like A Webcam", bus="virtual")
    assert [camera.is_loopback for camera in tree.list()] == [True]


def test_a_metadata_node_is_left_out_by_its_capabilities(tree: Tree) -> None:
    tree.add(0, "C920")
    tree.add(1, "C920")
    cards = {f"video{n}": Card("uvcvideo", "C920", is_capture=n == 0, is_output=False) for n in (0, 1)}
    assert [camera.path.name for camera in tree.list(cards)] == ["video0"]


def test_where_capabilities_cannot_be_asked_only_first_nodes_count(tree: Tree) -> None:
    tree.add(0, "C920")
    tree.add(1, "C920", index=1)
    assert [camera.path.name for camera in tree.list()] == ["video0"]


def test_without_v4l2_there_are_no_cameras(tmp_path: Path) -> None:
    assert list_cameras(tmp_path / "nothing", tmp_path) == []


@pytest.fixture
def two_and_a_loopback(tree: Tree) -> Tree:
    tree.add(0, "SharpKD Camera", bus="virtual")
    tree.add(2, "Integrated Camera: Integrated C", link="usb-integrated-video-index0")
    tree.add(4, "HD Pro Webcam C920", bus="pci0/usb2", link="usb-C920-video-index0")
    return tree


@pytest.mark.parametrize(
    ("device", "number"), [("auto", 2), ("c920", 4), ("Integrated", 2), ("camera", 2), ("4", 4)]
)
def test_a_camera_is_found(two_and_a_loopback: Tree, device: str, number: int) -> None:
    assert find_camera(device, two_and_a_loopback.list()).path.name == f"video{number}"


@pytest.mark.parametrize("path", ["dev/video4", "dev/v4l/by-id/usb-C920-video-index0"])
def test_a_camera_is_found_by_its_paths(two_and_a_loopback: Tree, path: str) -> None:
    device = str(two_and_a_loopback.root / path)
    assert find_camera(device, two_and_a_loopback.list()).name == "HD Pro Webcam C920"


@pytest.mark.parametrize("device", ["sharpkd", "0", "dev/video0"])
def test_a_loopback_is_never_a_camera(two_and_a_loopback: Tree, device: str) -> None:
    device = str(two_and_a_loopback.root / device) if "/" in device else device
    with pytest.raises(SourceError, match=r"\(SharpKD Camera\) is a v4l2loopback.*one of: Integrated Camera"):
        find_camera(device, two_and_a_loopback.list())


def test_a_loopback_alone_is_no_camera(tree: Tree) -> None:
    tree.add(0, "SharpKD Camera", bus="virtual")
    with pytest.raises(SourceError, match="no camera found; plug one in, or use --source sample"):
        find_camera("auto", tree.list())


def test_an_unknown_name_is_answered_with_the_known_ones(two_and_a_loopback: Tree) -> None:
    with pytest.raises(SourceError, match=r"no camera is called 'brio'.*HD Pro Webcam C920 \(.*/video4\)"):
        find_camera("brio", two_and_a_loopback.list())


def test_a_missing_device_is_named(two_and_a_loopback: Tree) -> None:
    with pytest.raises(SourceError, match=r"no device /dev/v4l/by-id/gone; plug the camera in"):
        find_camera("/dev/v4l/by-id/gone", two_and_a_loopback.list())


def test_a_device_that_gives_no_pictures_is_refused(two_and_a_loopback: Tree) -> None:
    with pytest.raises(SourceError, match=r"/dev/null is no camera; expected one of"):
        find_camera("/dev/null", two_and_a_loopback.list())


@pytest.mark.parametrize(("controls", "expected"), [({EXPOSURE_DYNAMIC_FRAMERATE: 1}, True), ({}, False)])
def test_a_camera_says_whether_it_exposes_longer(controls: dict[int, int], expected: bool) -> None:
    kernel = FakeKernel({"/dev/video0": FakeNode(controls=controls)})
    assert exposes_longer(Path("/dev/video0"), kernel) is expected
    assert not kernel.opened


def test_a_camera_that_is_gone_says_nothing() -> None:
    kernel = FakeKernel({"/dev/video0": FakeNode(failure=19)}, {"/dev/video1": 2})
    assert not exposes_longer(Path("/dev/video0"), kernel)
    assert not exposes_longer(Path("/dev/video1"), kernel)
