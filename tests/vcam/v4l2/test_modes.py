import errno

import pytest
from fake_node import FakeKernel, FakeNode

from vcam.v4l2.modes import EXPOSURE_DYNAMIC_FRAMERATE, Mode, list_modes, read_control, takes_size

YU12 = 0x32315559
NODE = "/dev/video0"


def opened(node: FakeNode) -> tuple[FakeKernel, int]:
    kernel = FakeKernel({NODE: node})
    return kernel, kernel.open(NODE)


def test_modes_come_in_the_drivers_order_with_their_rates_falling() -> None:
    node = FakeNode(
        pictures={
            "MJPG": {(1280, 720): [(1, 10), (1, 30)], (640, 480): [(1001, 30000)]},
            "YUYV": {(640, 480): [(1, 30), (1, 30)]},
        }
    )
    assert list_modes(*opened(node)) == [
        Mode("MJPG", (1280, 720), (30.0, 10.0)),
        Mode("MJPG", (640, 480), (29.97,)),
        Mode("YUYV", (640, 480), (30.0,)),
    ]


def test_a_mode_says_its_highest_rate() -> None:
    assert str(Mode("MJPG", (1280, 720), (30.0, 10.0))) == "MJPG 1280x720 30 fps"
    assert str(Mode("Y16", (640, 480), ())) == "Y16 640x480"


def test_a_range_of_sizes_is_its_largest_and_not_discrete() -> None:
    node = FakeNode(pictures={"YU12": {(8192, 8192): []}}, span=((2, 2), (8192, 8192)))
    assert list_modes(*opened(node)) == [Mode("YU12", (8192, 8192), (), is_discrete=False)]


def test_a_node_without_pictures_lists_none() -> None:
    assert list_modes(*opened(FakeNode())) == []


def test_a_node_that_is_gone_is_an_error() -> None:
    with pytest.raises(OSError, match="No such device"):
        list_modes(*opened(FakeNode(failure=errno.ENODEV)))


def test_a_driver_that_never_ends_its_list_is_left() -> None:
    class Endless(FakeNode):
        def _format(self, argument: bytes) -> bytes:
            return argument

    assert list_modes(*opened(Endless())) == []


def test_a_size_is_taken_if_the_driver_leaves_it_as_it_is() -> None:
    kernel, node = opened(FakeNode(pictures={"YU12": {(1280, 720): []}}))
    assert takes_size(kernel, node, YU12, (1280, 720))
    assert not takes_size(kernel, node, YU12, (640, 480))


def test_a_format_that_the_driver_refuses_takes_no_size() -> None:
    assert not takes_size(*opened(FakeNode()), YU12, (640, 480))


def test_a_control_is_read() -> None:
    node = FakeNode(controls={EXPOSURE_DYNAMIC_FRAMERATE: 1})
    assert read_control(*opened(node), EXPOSURE_DYNAMIC_FRAMERATE) == 1


def test_a_control_that_the_device_lacks_is_none() -> None:
    assert read_control(*opened(FakeNode()), EXPOSURE_DYNAMIC_FRAMERATE) is None
