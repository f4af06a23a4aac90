import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from children import child
from fake_video import FakeCameras, FakeSystem
from stand_in import write_weights

from vcam.paths import Paths, user_paths

# no folders of services: no program that is installed here is started by a test's call
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A weights folder with one tiny model, `still`, that changes nothing."""
    folder = tmp_path / "weights"
    write_weights(folder, ["still"])
    return folder


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """This user's paths, all of them in a folder of the test's own."""
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return user_paths()


@pytest.fixture
def system(tmp_path: Path) -> FakeSystem:
    return FakeSystem(tmp_path)


@pytest.fixture
def cameras() -> FakeCameras:
    return FakeCameras()


@pytest.fixture
def bus_daemon(paths: Paths, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A session bus of the test's own; its address is its first line."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("no dbus-daemon; run: sudo apt install dbus")
    pytest.importorskip("dbus_fast", reason="no dbus-fast; run: pip install dbus-fast")
    (tmp_path / "bus.conf").write_text(BUS)
    command = ["dbus-daemon", f"--config-file={tmp_path}/bus.conf", "--nofork", "--print-address"]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as daemon:
        yield daemon


@pytest.fixture
def session_bus(bus_daemon: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Its address, which commands find in their environment."""
    assert bus_daemon.stdout is not None
    address = bus_daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    return address
