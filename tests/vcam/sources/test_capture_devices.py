import os
import stat
from pathlib import Path

import pytest
from fake_node import FakeKernel, FakeNode

from vcam.errors import SourceError
from vcam.sources.devices import OURS, UNFED, CaptureDevice, exposes_longer, find_device, list_devices
from vcam.v4l2.device import Card
from vcam.v4l2.look import Look
from vcam.v4l2.modes import EXPOSURE_DYNAMIC_FRAMERATE
from vcam.v4l2.nodes import VideoRoots, is_same_node

FED = Look(Card("v4l2 loopback", "DroidCam", is_capture=True, is_output=False), ("YU12",), is_fixed=True)
IDLE = Look(Card("v4l2 loopback", "DroidCam", is_capture=False, is_output=True))


class Tree:
    """A /sys and a /dev, as a kernel with these cameras would make them; `looks` are what their nodes say."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.roots = VideoRoots(root / "sys", root / "dev")
        self.dev = self.roots.dev
        self.by_id = self.dev / "v4l" / "by-id"
        self.looks: dict[str, Look] = {}
        self.looked_at: list[str] = []
        self.roots.listed.mkdir(parents=True)
        self.by_id.mkdir(parents=True)

    def add(
        self,
        number: int,
        name: str,
        *,
        bus: str = "pci0/usb1",
        index: int = 0,
        link: str = "",
        look: Look | None = None,
        port: str = "",
    ) -> None:
        node = self.roots.sys / "devices" / bus / "video4linux" / f"video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(f"{name}\n")
        (node / "index").write_text(f"{index}\n")
        if port:
            (self.roots.sys / "devices" / bus / "removable").write_text(f"{port}\n")
        (self.roots.listed / node.name).symlink_to(node)
        (self.dev / node.name).write_bytes(b"")
        if link:
            (self.by_id / link).symlink_to(self.dev / node.name)
        if look:
            self.looks[node.name] = look

    def add_loopback(self, number: int, name: str, look: Look | None = FED) -> None:
        self.add(number, name, bus="virtual", look=look)

    def look(self, path: Path) -> Look | None:
        self.looked_at.append(path.name)
        return self.looks.get(path.name)

    def list(self, own: Path | None = None) -> list[CaptureDevice]:
        return list_devices(self.roots, self.look, own)


def webcam(*fourccs: str, needs_media_controller: bool = False) -> Look:
    return Look(Card("uvcvideo", "C920", True, False, needs_media_controller), fourccs, is_fixed=True)


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
    assert tree.list() == [CaptureDevice(tree.dev / "video0", "HD Pro Webcam C920", link, False)]


def test_a_loopback_is_told_by_its_place_in_sysfs(tree: Tree) -> None:
    tree.add_loopback(42, "Looks Like A Webcam")
    assert [camera.is_loopback for camera in tree.list()] == [True]


def test_a_loopback_that_a_program_feeds_is_a_camera_like_any_other(tree: Tree) -> None:
    tree.add_loopback(9, "DroidCam")
    for device in ("auto", "droidcam", "9"):
        assert find_device(device, tree.list()).path.name == "video9"


@pytest.mark.parametrize(
    "look",
    [
        IDLE,
        Look(Card("v4l2 loopback", "DroidCam", is_capture=False, is_output=False)),
        # without exclusive_caps both sides are told all the time, and any size while nobody writes
        Look(Card("v4l2 loopback", "DroidCam", is_capture=True, is_output=True), ("YU12",), is_fixed=False),
    ],
)
def test_a_loopback_that_nobody_feeds_says_what_to_start(tree: Tree, look: Look) -> None:
    tree.add_loopback(9, "DroidCam", look)
    assert [camera.fault for camera in tree.list()] == [UNFED]
    with pytest.raises(SourceError, match=r"DroidCam \(.*video9\) cannot be a source: no program feeds it"):
        find_device("droidcam", tree.list())
    with pytest.raises(SourceError, match=r"no camera found; .*; DroidCam \(.*\): no program feeds it"):
        find_device("auto", tree.list())


def test_a_real_camera_comes_before_one_that_is_fed(tree: Tree) -> None:
    tree.add_loopback(0, "OBS Virtual Camera")
    tree.add(2, "C920")
    assert [camera.name for camera in tree.list()] == ["C920", "OBS Virtual Camera"]


def test_our_own_node_is_refused_by_its_label_and_not_even_opened(tree: Tree) -> None:
    tree.add_loopback(42, "SharpKD Camera")
    assert [camera.fault for camera in tree.list()] == [OURS]
    assert tree.looked_at == []


def test_our_own_node_is_refused_under_any_label_and_by_any_of_its_paths(tree: Tree) -> None:
    tree.add_loopback(3, "Dummy video device (0x0000)")
    tree.add_loopback(9, "DroidCam")
    elsewhere = tree.root / "camera"
    elsewhere.symlink_to(tree.dev / "video3")
    assert [camera.fault for camera in tree.list(own=elsewhere)] == [OURS, ""]


def test_two_nodes_of_one_device_are_the_same(tmp_path: Path) -> None:
    null, other = tmp_path / "null", tmp_path / "zero"
    try:
        os.mknod(null, 0o600 | stat.S_IFCHR, os.stat("/dev/null").st_rdev)
        os.mknod(other, 0o600 | stat.S_IFCHR, os.stat("/dev/zero").st_rdev)
    except PermissionError:
        pytest.skip("only root makes device nodes")
    assert is_same_node(null, Path("/dev/null"))
    assert not is_same_node(other, Path("/dev/null"))
    assert not is_same_node(null, tmp_path / "gone")


@pytest.mark.parametrize("fourccs", [("pRAA", "BA10"), ("GREY",), ("H264",)])
def test_auto_passes_by_what_gives_no_colour_picture_but_its_name_still_means_it(
    tree: Tree, fourccs: tuple[str, ...]
) -> None:
    tree.add(0, "Infrared", look=webcam(*fourccs))
    tree.add(2, "C920", look=webcam("MJPG", "YUYV"))
    assert find_device("auto", tree.list()).name == "C920"
    assert find_device("infrared", tree.list()).name == "Infrared"


@pytest.mark.parametrize("fourcc", ["MJPG", "YUYV", "NV12", "UYVY", "YU12"])
def test_auto_takes_every_colour_format(tree: Tree, fourcc: str) -> None:
    tree.add(0, "C920", look=webcam("BA81", fourcc))
    assert find_device("auto", tree.list()).name == "C920"


def test_a_bare_sensor_is_refused_though_it_lists_yuyv_and_its_relay_is_taken(tree: Tree) -> None:
    for number in range(32):
        bare = webcam("UYVY", "YUYV", "BA10", needs_media_controller=True)
        tree.add(number, f"Intel IPU6 ISYS Capture {number}", bus=f"pci0/ipu6/{number}", look=bare)
    with pytest.raises(SourceError, match=r"ISYS Capture 0 \(.*video0\): it is a bare sensor") as raised:
        find_device("auto", tree.list())
    assert len(str(raised.value)) < 400  # not 32 times the same
    with pytest.raises(SourceError, match="needs libcamera"):
        find_device("ISYS Capture 3", tree.list())
    tree.add_loopback(50, "Intel MIPI Camera")
    assert find_device("auto", tree.list()).name == "Intel MIPI Camera"


@pytest.mark.parametrize(
    ("port", "name", "expected"),
    [
        ("fixed", "XiaoMi USB 2.0 Webcam", True),
        ("removable", "Integrated Camera", False),
        ("unknown", "Integrated Camera", True),
        ("", "HP Wide Vision HD: Built-in", True),
        ("", "HD Pro Webcam C920", False),
    ],
)
def test_a_built_in_camera_is_known_by_its_port_or_else_by_its_name(
    tree: Tree, port: str, name: str, expected: bool
) -> None:
    tree.add(4, name, port=port)
    assert [camera.is_built_in for camera in tree.list()] == [expected]


def test_a_built_in_camera_comes_before_others_of_lower_numbers(tree: Tree) -> None:
    tree.add(0, "HD Pro Webcam C920", bus="pci0/usb1/1-2", port="removable")
    tree.add(2, "Chicony", bus="pci0/usb1/1-8", port="fixed")
    assert [camera.name for camera in tree.list()] == ["Chicony", "HD Pro Webcam C920"]


def test_a_camera_whose_driver_hangs_is_passed_by(tree: Tree) -> None:
    def look(path: Path) -> Look | None:
        if path.name in ("video0", "video1"):
            raise TimeoutError
        return webcam("MJPG")

    tree.add(0, "Hanging")
    tree.add(1, "Hanging", index=1)  # its metadata
    tree.add(2, "C920", bus="pci0/usb2")
    cameras = list_devices(tree.roots, look)
    assert find_device("auto", cameras).name == "C920"
    with pytest.raises(SourceError, match="its driver does not answer: plug it in again"):
        find_device("hanging", [camera for camera in cameras if camera.path.name == "video0"])


def test_a_metadata_node_is_left_out_by_its_capabilities(tree: Tree) -> None:
    tree.add(0, "C920")
    tree.add(1, "C920")
    tree.looks = {f"video{n}": Look(Card("uvcvideo", "C920", n == 0, is_output=False)) for n in (0, 1)}
    assert [camera.path.name for camera in tree.list()] == ["video0"]


def test_where_capabilities_cannot_be_asked_only_first_nodes_count(tree: Tree) -> None:
    tree.add(0, "C920")
    tree.add(1, "C920", index=1)
    assert [camera.path.name for camera in tree.list()] == ["video0"]


def test_without_v4l2_there_are_no_cameras(tmp_path: Path) -> None:
    assert list_devices(VideoRoots(tmp_path / "nothing", tmp_path)) == []


@pytest.fixture
def two_and_a_loopback(tree: Tree) -> Tree:
    tree.add_loopback(0, "SharpKD Camera")
    tree.add(2, "Integrated Camera: Integrated C", link="usb-integrated-video-index0")
    tree.add(4, "HD Pro Webcam C920", bus="pci0/usb2", link="usb-C920-video-index0")
    return tree


@pytest.mark.parametrize(
    ("device", "number"), [("auto", 2), ("c920", 4), ("Integrated", 2), ("camera", 2), ("4", 4)]
)
def test_a_camera_is_found(two_and_a_loopback: Tree, device: str, number: int) -> None:
    assert find_device(device, two_and_a_loopback.list()).path.name == f"video{number}"


@pytest.mark.parametrize("path", ["dev/video4", "dev/v4l/by-id/usb-C920-video-index0"])
def test_a_camera_is_found_by_its_paths(two_and_a_loopback: Tree, path: str) -> None:
    device = str(two_and_a_loopback.root / path)
    assert find_device(device, two_and_a_loopback.list()).name == "HD Pro Webcam C920"


@pytest.mark.parametrize("device", ["sharpkd", "0", "dev/video0"])
def test_our_own_output_is_never_a_camera(two_and_a_loopback: Tree, device: str) -> None:
    device = str(two_and_a_loopback.root / device) if "/" in device else device
    with pytest.raises(
        SourceError,
        match=r"^SharpKD Camera \(.*/video0\) cannot be a source: it is the virtual.*Integrated Camera",
    ):
        find_device(device, two_and_a_loopback.list())


def test_our_own_output_alone_is_no_camera(tree: Tree) -> None:
    tree.add_loopback(0, "SharpKD Camera")
    with pytest.raises(SourceError, match=r"no camera found; plug one in, or use --source sample$"):
        find_device("auto", tree.list())


def test_an_unknown_name_is_answered_with_the_known_ones(two_and_a_loopback: Tree) -> None:
    with pytest.raises(SourceError, match=r"no camera is called 'brio'.*HD Pro Webcam C920 \(.*/video4\)"):
        find_device("brio", two_and_a_loopback.list())


def test_a_missing_device_is_named(two_and_a_loopback: Tree) -> None:
    with pytest.raises(SourceError, match=r"no device /dev/v4l/by-id/gone; plug the camera in"):
        find_device("/dev/v4l/by-id/gone", two_and_a_loopback.list())


def test_a_device_that_gives_no_pictures_is_refused(two_and_a_loopback: Tree) -> None:
    with pytest.raises(SourceError, match=r"/dev/null is not a camera; expected one of"):
        find_device("/dev/null", two_and_a_loopback.list())


@pytest.mark.parametrize(("controls", "expected"), [({EXPOSURE_DYNAMIC_FRAMERATE: 1}, True), ({}, False)])
def test_a_camera_says_whether_it_exposes_longer(controls: dict[int, int], expected: bool) -> None:
    kernel = FakeKernel({"/dev/video0": FakeNode(controls=controls)})
    assert exposes_longer(Path("/dev/video0"), kernel) is expected
    assert not kernel.opened


def test_a_camera_that_is_gone_says_nothing() -> None:
    kernel = FakeKernel({"/dev/video0": FakeNode(failure=19)}, {"/dev/video1": 2})
    assert not exposes_longer(Path("/dev/video0"), kernel)
    assert not exposes_longer(Path("/dev/video1"), kernel)
