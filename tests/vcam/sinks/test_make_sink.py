from pathlib import Path

import pytest
from fake_video import FakeCameras, FakeSystem

from vcam.errors import SinkError
from vcam.frame import black
from vcam.pipeline import Sink
from vcam.sinks import NullSink, RecordingSink, VirtualCameraSink, make_sink
from vcam.v4l2loopback.module import CARD

SIZE = (64, 48)


def make(spec: str, system: FakeSystem, cameras: FakeCameras, lossless: bool = False) -> Sink:
    return make_sink(
        spec,
        size=SIZE,
        fps=30,
        lossless=lossless,
        open_writer=cameras,
        roots=system.roots,
    )


def test_auto_takes_the_camera_that_is_there(system: FakeSystem, cameras: FakeCameras) -> None:
    node = system.add_device(42, CARD)
    assert isinstance(make("auto", system, cameras), VirtualCameraSink)
    assert cameras.made[0].device == str(node)


def test_auto_without_a_camera_is_the_preview(system: FakeSystem, cameras: FakeCameras) -> None:
    sink = make("auto", system, cameras)
    assert isinstance(sink, NullSink)
    assert sink.name == "preview"


def test_auto_does_not_hide_that_the_camera_is_busy(system: FakeSystem) -> None:
    system.add_device(42, CARD)
    with pytest.raises(SinkError, match="busy"):
        make("auto", system, FakeCameras(refusal="it is busy"))


def test_virtual_without_a_camera_is_an_error(system: FakeSystem, cameras: FakeCameras) -> None:
    with pytest.raises(SinkError, match="none of its cameras"):
        make("virtual", system, cameras)


def test_a_node_is_looked_up_by_its_path(system: FakeSystem, cameras: FakeCameras) -> None:
    system.add_device(7, "another card")
    make("/dev/video7", system, cameras)
    assert cameras.made[0].device == "/dev/video7"


@pytest.mark.parametrize(("ending", "lossless"), [(".mp4", False), (".mkv", False), (".MKV", True)])
def test_a_path_is_a_file(
    tmp_path: Path, system: FakeSystem, cameras: FakeCameras, ending: str, lossless: bool
) -> None:
    path = tmp_path / f"talk{ending}"
    sink = make(str(path), system, cameras, lossless)
    assert isinstance(sink, RecordingSink), "what it has stays on a full disk"
    sink.send(black(SIZE))
    sink.close()
    assert path.exists()


@pytest.mark.parametrize("spec", ["talk.avi", "talk", "", "vitrual"])
def test_any_other_spec_names_what_works(system: FakeSystem, cameras: FakeCameras, spec: str) -> None:
    with pytest.raises(SinkError, match=r".mp4 or .mkv.*auto, virtual, pipewire, preview, null"):
        make(spec, system, cameras)


def test_the_null_sink_counts(system: FakeSystem, cameras: FakeCameras) -> None:
    sink = make("null", system, cameras)
    sink.send(black(SIZE))
    assert isinstance(sink, NullSink)
    assert sink.count == 1
