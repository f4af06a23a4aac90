import errno
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fake_v4l2loopback import CAPTURE, OUTPUT, FakeLoopback, Loopback0127, Loopback0150, put
from fake_video import FakeSystem

import vcam.v4l2loopback.writer as loopback_writer
from vcam.errors import SinkError
from vcam.frame import Packed, Size, black, pack
from vcam.sinks import VirtualCameraSink
from vcam.v4l2.device import i420_format, query, set_format, start_stream
from vcam.v4l2loopback.module import CARD
from vcam.v4l2loopback.writer import LoopbackWriter

NODE = "/dev/video42"
SIZE = (64, 48)  # 4608 bytes: no whole number of pages
OTHER_SIZE = (128, 96)
BOTH = pytest.mark.parametrize("module", [Loopback0127, Loopback0150])


def make(node: FakeLoopback, size: Size = SIZE, fps: float = 30) -> LoopbackWriter:
    return LoopbackWriter(NODE, size, fps, kernel=node, sleep=node.sleep)


def picture(size: Size = SIZE) -> Packed:
    return np.random.default_rng(0).integers(16, 235, size[0] * size[1] * 3 // 2, dtype=np.uint8)


def write_plainly(node: FakeLoopback, size: Size = SIZE) -> int:
    """Another program that writes without STREAMON, as pyvirtualcam's own writer and ffmpeg do."""
    file = node.open(NODE)
    query(node, file)
    set_format(node, file, i420_format(size))
    node.write(file, picture(size))
    return file


def watch(node: FakeLoopback) -> int:
    file = node.open(NODE)
    node.read(file)
    return file


def only_file(node: FakeLoopback) -> int:
    (file,) = node.openers
    return file


def refusal_of(node: FakeLoopback, size: Size = SIZE) -> str:
    with pytest.raises(SinkError) as raised:
        make(node, size)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@BOTH
def test_a_writer_asks_sets_streams_and_takes_its_leave(module: Callable[[], FakeLoopback]) -> None:
    node = module()
    camera = make(node)
    camera.send(picture())
    camera.close()
    protocol = ["open", "QUERYCAP", "S_FMT", "S_PARM", "STREAMON", "write", "STREAMOFF", "close"]
    assert node.calls == protocol


@BOTH
def test_a_frame_arrives_whole_in_its_layout_and_rate(module: Callable[[], FakeLoopback]) -> None:
    node = module()
    make(node, fps=29.97).send(picture())
    assert node.written == [picture().tobytes()]
    assert node.size == SIZE
    assert node.rate == (2997, 100)
    assert node.colorspace == 8  # sRGB, whose YCbCr is BT.601 limited


@BOTH
def test_the_node_is_a_camera_while_frames_come(module: Callable[[], FakeLoopback]) -> None:
    node = module()
    camera = make(node)
    camera.send(picture())
    assert node.announces() == CAPTURE
    camera.close()
    assert node.announces() == OUTPUT


@BOTH
def test_a_node_that_announces_both_sides_at_once_is_taken(module: Callable[..., FakeLoopback]) -> None:
    node = module(is_exclusive=False)
    make(node).send(picture())
    assert len(node.written) == 1


@BOTH
def test_a_closed_camera_starts_again(module: Callable[[], FakeLoopback]) -> None:
    node = module()
    for size in (SIZE, OTHER_SIZE, SIZE):
        camera = make(node, size)
        camera.send(picture(size))
        camera.close()
    assert len(node.written) == 3
    assert "sleep" not in node.calls


@BOTH
@pytest.mark.parametrize("frames", [0, 1])
def test_a_killed_camera_starts_again_while_somebody_watches(
    module: Callable[[], FakeLoopback], frames: int
) -> None:
    node = module()
    camera = make(node)
    writer = only_file(node)
    for _ in range(frames):
        camera.send(picture())
        watch(node)
    node.close(writer)  # kill -9: no STREAMOFF
    make(node).send(picture())
    assert len(node.written) == frames + 1
    assert "sleep" not in node.calls


@BOTH
def test_a_node_that_another_program_has_used_is_taken(module: Callable[[], FakeLoopback]) -> None:
    node = module()
    node.close(write_plainly(node, OTHER_SIZE))
    make(node).send(picture())
    assert node.size == SIZE
    assert "sleep" not in node.calls  # nobody has it open, so nobody writes


@BOTH
def test_a_node_is_taken_from_another_program_that_was_killed_while_somebody_watches(
    module: Callable[[], FakeLoopback],
) -> None:
    node = module()
    writer = write_plainly(node)
    watch(node)
    node.close(writer)
    make(node).send(picture())
    assert len(node.written) == 2


def test_0127_is_locked_by_a_program_that_writes_plainly_and_closes() -> None:
    node = Loopback0127()
    node.close(write_plainly(node))
    assert node.announces() == 0
    file = node.open(NODE)
    query(node, file)
    with pytest.raises(OSError, match="Invalid argument"):
        set_format(node, file, i420_format(SIZE))


@pytest.mark.parametrize("is_watched", [False, True])
def test_without_the_cure_0127_stays_locked(monkeypatch: pytest.MonkeyPatch, is_watched: bool) -> None:
    """Says that the tests above can fail."""
    node = Loopback0127()
    writer = write_plainly(node)
    if is_watched:
        watch(node)
    node.close(writer)
    monkeypatch.setattr(loopback_writer, "start_stream", lambda *_: False)
    assert "is busy" in refusal_of(node)


@BOTH
@pytest.mark.parametrize("is_plain", [False, True])
def test_a_node_is_not_taken_from_a_living_writer(module: Callable[[], FakeLoopback], is_plain: bool) -> None:
    node = module()
    if is_plain:
        writer = write_plainly(node)
    else:
        make(node).send(picture())
        writer = only_file(node)
    node.living.add(writer)
    message = refusal_of(node)
    assert f"{NODE} is busy: another program writes to it" in message
    assert f"fuser -v {NODE}" in message
    assert list(node.openers) == [writer]
    node.write(writer, picture())
    assert node.announces() == CAPTURE


def test_0150_is_not_taken_from_a_writer_that_has_not_begun() -> None:
    node = Loopback0150()
    make(node)
    assert f"{NODE} is busy: another program has it. Close" in refusal_of(node)


def test_0150_has_one_reader() -> None:
    node = Loopback0150()
    make(node).send(picture())
    watch(node)
    with pytest.raises(OSError, match="busy"):
        watch(node)


@BOTH
def test_a_size_that_a_watcher_holds_is_named(module: Callable[[], FakeLoopback]) -> None:
    node = module()
    camera = make(node, OTHER_SIZE)
    camera.send(picture(OTHER_SIZE))
    watcher = watch(node)
    camera.close()
    message = refusal_of(node)
    assert "held at 128x96 YU12, not at 64x48 YU12. Run: sharpkd set size 128x96 --save " in message
    assert f"fuser -v {NODE}" in message
    node.close(watcher)
    make(node)


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [
        (16, 0x56595559, "held at 64x48 YUYV, not at 64x48 YU12. Close"),
        (24, 80, "lines of 80 bytes, 8192 in all, not 64 and 4608"),
        (28, 4607, "lines of 64 bytes, 4607 in all, not 64 and 4608"),
    ],
    ids=["fourcc", "bytesperline", "sizeimage"],
)
def test_a_layout_that_was_not_asked_for_is_refused(offset: int, value: int, words: str) -> None:
    node = Loopback0127(alter=lambda answer: put(answer, offset, value))
    with pytest.raises(SinkError, match=f"{words}.*fuser -v {NODE}"):
        make(node)


@pytest.mark.parametrize("call", ["QUERYCAP", "S_FMT", "S_PARM", "STREAMON"])
def test_a_camera_that_cannot_be_opened_leaves_no_file_open(call: str) -> None:
    node = Loopback0127(failures={call: errno.EIO})
    assert f"{NODE} cannot " in refusal_of(node)
    assert not node.openers


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, r"no permission to write to /dev/video42. Run: sudo usermod -aG video \$USER"),
        (errno.ENOENT, "/dev/video42 is gone: .* Run: sudo modprobe v4l2loopback"),
        (errno.EBUSY, "/dev/video42 is busy: .*fuser -v /dev/video42"),
        (errno.EIO, r"/dev/video42 cannot be opened: .* \(EIO\). .* Run: sudo modprobe -r v4l2loopback"),
    ],
)
def test_a_node_that_does_not_open_says_what_fixes_it(number: int, words: str) -> None:
    with pytest.raises(SinkError, match=words):
        make(Loopback0127(failures={"open": number}))


def test_a_webcam_is_left_alone() -> None:
    node = Loopback0127(driver="uvcvideo")
    message = refusal_of(node)
    assert "is driven by uvcvideo, not v4l2loopback. Run: sudo modprobe v4l2loopback" in message
    assert node.calls == ["open", "QUERYCAP", "close"]


def test_a_file_is_no_video_device(tmp_path: Path) -> None:
    path = tmp_path / "video42"
    path.touch()
    with pytest.raises(SinkError, match="is not a video device"):
        LoopbackWriter(path, SIZE, 30)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EIO, r"cannot write a frame: .* \(EIO\). .* Run: sudo modprobe -r"),
        (errno.ENODEV, "is gone: .* Run: sudo modprobe"),
        (errno.EBUSY, "is busy: .*fuser"),
    ],
)
def test_a_write_that_fails_raises_and_still_closes(number: int, words: str) -> None:
    node = Loopback0150()
    camera = make(node)
    node.failures = {"write": number, "STREAMOFF": number}
    with pytest.raises(SinkError, match=f"{NODE} {words}"):
        camera.send(picture())
    camera.close()
    assert not node.openers


@BOTH
def test_a_frame_that_is_taken_in_part_raises(module: Callable[..., FakeLoopback]) -> None:
    camera = make(module(max_write=4096))
    with pytest.raises(SinkError, match=r"took 4096 of a frame's 4608 bytes.*fuser -v"):
        camera.send(picture())


def test_a_second_close_does_nothing() -> None:
    node = Loopback0127()
    camera = make(node)
    camera.close()
    camera.close()
    assert node.calls.count("close") == 1
    with pytest.raises(ValueError, match="is closed"):
        camera.send(picture())


def sink_on(node: FakeLoopback, system: FakeSystem) -> VirtualCameraSink:
    open_writer = partial(LoopbackWriter, kernel=node, sleep=node.sleep)
    return VirtualCameraSink(SIZE, 30, None, open_writer, roots=system.roots)


def test_the_sink_writes_through_it_and_leaves_a_black_picture(system: FakeSystem) -> None:
    path = system.add_device(42, CARD)
    node = Loopback0127()
    with sink_on(node, system) as sink:
        assert sink.name == f"{CARD} ({path})"
        sink.send(black(SIZE))
    assert node.written == [pack(black(SIZE)).tobytes()] * 2
    assert node.announces() == OUTPUT


def test_the_sink_says_in_one_line_why_it_cannot_open(system: FakeSystem) -> None:
    path = system.add_device(42, CARD)
    with pytest.raises(SinkError) as raised:
        sink_on(Loopback0127(failures={"open": errno.EACCES}), system).open()
    assert str(raised.value).startswith(f"no permission to write to {path}. Run: ")


def test_the_sink_raises_when_its_camera_vanishes_and_closes_quietly(system: FakeSystem) -> None:
    system.add_device(42, CARD)
    node = Loopback0150()
    sink = sink_on(node, system).open()
    node.failures = {"write": errno.ENODEV}
    with pytest.raises(SinkError, match="is gone"):
        sink.send(black(SIZE))
    sink.close()
    assert not node.openers


def test_starting_a_stream_hides_no_failure_but_the_expected_one() -> None:
    node = Loopback0127(failures={"STREAMON": errno.ENODEV})
    with pytest.raises(OSError, match="No such device"):
        start_stream(node, node.open(NODE))
