import errno
from pathlib import Path

from fake_node import CAPTURE, ENUM_FRAMEINTERVALS, OUTPUT, FakeKernel, FakeNode

from vcam.v4l2.device import Card
from vcam.v4l2.look import Look, look_at

NODE = Path("/dev/video0")
I420 = {"YU12": {(1280, 720): [(1, 30)]}}


def look(node: FakeNode) -> Look | None:
    kernel = FakeKernel({str(NODE): node})
    seen = look_at(NODE, kernel)
    assert not kernel.opened
    return seen


def test_a_look_has_the_card_and_each_format_once() -> None:
    node = FakeNode(pictures={"MJPG": {(640, 480): [], (1280, 720): []}, "YUYV": {(640, 480): []}})
    assert look(node) == Look(Card("uvcvideo", "C920", True, False), ("MJPG", "YUYV"), is_fixed=True)


def test_a_loopback_that_takes_any_size_is_fed_by_nobody() -> None:
    node = FakeNode("v4l2 loopback", "Phone", CAPTURE | OUTPUT, dict(I420), span=((2, 2), (8192, 8192)))
    seen = look(node)
    assert seen is not None
    assert not seen.is_fixed


def test_of_an_output_no_pictures_are_asked() -> None:
    assert look(FakeNode("v4l2 loopback", "Phone", OUTPUT, dict(I420))) == Look(
        Card("v4l2 loopback", "Phone", False, True)
    )


def test_a_node_that_is_gone_has_no_look() -> None:
    assert look(FakeNode(failure=errno.ENODEV)) is None
    assert look_at(NODE, FakeKernel()) is None


class Counted(FakeKernel):
    def __init__(self, node: FakeNode) -> None:
        super().__init__({str(NODE): node})
        self.asked: list[int] = []

    def ioctl(self, node: int, request: int, argument: bytes) -> bytes:
        self.asked.append(request)
        return super().ioctl(node, request, argument)


def test_a_driver_with_thousands_of_pictures_is_asked_little() -> None:
    """The kernel's vivid has sixty formats: with a browser beside it, all its rates took more than 6 s."""
    sizes = {(320 + 16 * number, 240): [(1, fps) for fps in range(1, 31)] for number in range(20)}
    kernel = Counted(FakeNode(pictures={f"F{number:03}": sizes for number in range(60)}))
    seen = look_at(NODE, kernel)
    assert seen is not None
    assert len(seen.fourccs) == 60
    assert ENUM_FRAMEINTERVALS not in kernel.asked
    assert len(kernel.asked) < 2 * 60 + 5
