import errno
from pathlib import Path

from fake_node import CAPTURE, IO_MC, METADATA, OUTPUT, FakeKernel, FakeNode

from vcam.v4l2.device import Card, fourcc_name, query_card

NODE = Path("/dev/video0")


def test_a_card_is_what_the_node_can_not_what_its_device_can() -> None:
    kernel = FakeKernel({str(NODE): FakeNode(caps=METADATA)})
    assert query_card(NODE, kernel) == Card("uvcvideo", "C920", is_capture=False, is_output=False)


def test_a_loopback_may_be_an_output() -> None:
    kernel = FakeKernel({str(NODE): FakeNode("v4l2 loopback", "SharpKD Camera", OUTPUT)})
    assert query_card(NODE, kernel) == Card("v4l2 loopback", "SharpKD Camera", False, True)


def test_a_bare_sensor_says_that_it_needs_the_media_controller() -> None:
    card = query_card(NODE, FakeKernel({str(NODE): FakeNode("isys", caps=CAPTURE | IO_MC)}))
    assert card is not None
    assert card.needs_media_controller


def test_a_driver_that_says_nothing_of_its_nodes_is_believed_for_the_device() -> None:
    class Old(FakeNode):
        def _query(self, argument: bytes) -> bytes:
            return super()._query(argument)[:84] + CAPTURE.to_bytes(4, "little") + bytes(16)

    card = query_card(NODE, FakeKernel({str(NODE): Old()}))
    assert card is not None
    assert card.is_capture


def test_a_node_that_cannot_be_opened_or_asked_has_no_card() -> None:
    kernel = FakeKernel({str(NODE): FakeNode(failure=errno.ENOTTY)}, {"/dev/video1": errno.EACCES})
    assert query_card(NODE, kernel) is None
    assert query_card(Path("/dev/video1"), kernel) is None
    assert not kernel.opened


def test_a_file_that_is_no_v4l2_node_has_no_card(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    assert query_card(tmp_path / "video0") is None
    assert query_card(tmp_path / "video1") is None


def test_a_fourcc_has_no_trailing_spaces() -> None:
    assert fourcc_name(int.from_bytes(b"Y16 ", "little")) == "Y16"
    assert fourcc_name(0) == ""
