import subprocess
from pathlib import Path

from tests.system.machine import empty_outbox, make_outbox


def test_what_a_guest_wrote_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/chromium.png").write_bytes(b"a picture")
    disk = make_outbox(tmp_path / "outbox")
    with disk.open("r+b") as device:  # as the guest does: tar, onto a disk that is larger
        subprocess.run(["tar", "-c", "-C", str(tmp_path / "out"), "."], stdout=device, check=True)
    empty_outbox(disk, tmp_path / "here")
    assert (tmp_path / "here/chromium.png").read_bytes() == b"a picture"


def test_a_guest_that_died_leaves_nothing(tmp_path: Path) -> None:
    empty_outbox(make_outbox(tmp_path / "outbox"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["outbox"]
