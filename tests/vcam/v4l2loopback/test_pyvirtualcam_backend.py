"""pyvirtualcam, the real one, writes through our backend."""

import numpy as np
import pytest
import pyvirtualcam
from fake_v4l2loopback import Loopback0127
from fake_video import FakeSystem

from vcam.v4l2loopback import backend
from vcam.v4l2loopback.backend import I420, LoopbackBackend, register
from vcam.v4l2loopback.cameras import require_virtual_camera
from vcam.v4l2loopback.module import CARD

NODE = "/dev/video42"


def test_another_fourcc_is_refused() -> None:
    with pytest.raises(ValueError, match="takes I420"):
        LoopbackBackend(width=64, height=48, fps=30, fourcc=0, device=NODE, kernel=Loopback0127())


def test_without_a_device_the_card_is_found_by_its_name(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.add_device(10, "OBS Virtual Camera")
    path = system.add_device(9, CARD)
    monkeypatch.setattr(backend, "require_virtual_camera", lambda: require_virtual_camera(None, system.roots))
    camera = LoopbackBackend(width=64, height=48, fps=30, fourcc=I420, device=None, kernel=Loopback0127())
    assert camera.device() == str(path)


def test_pyvirtualcam_opens_it_by_name_however_often_it_is_registered() -> None:
    node = Loopback0127()
    assert register() == register()
    picture = np.random.default_rng(0).integers(16, 235, 64 * 48 * 3 // 2, dtype=np.uint8)
    camera = pyvirtualcam.Camera(
        64, 48, 30, fmt=pyvirtualcam.PixelFormat.I420, device=NODE, backend=register(), kernel=node
    )
    with camera:
        camera.send(picture)
        assert camera.device == NODE
        assert camera.native_fmt == pyvirtualcam.PixelFormat.I420
    assert node.written == [picture.tobytes()]
    assert not node.openers
