"""The simulated webcam: the kernel's own test driver, vivid, as a YUYV camera with a known picture."""

from pathlib import Path

from guest.host import succeed, until

# of vivid's test patterns: bars at 75% and at 100%, and pictures of one colour
BARS_75, BARS_100, RED, BLUE = 0, 1, 7, 9
NAME = "vivid"
BUS = Path("/sys/bus/platform/drivers/vivid")


def load() -> None:
    succeed("modprobe", "vivid", "n_devs=1", "node_types=0x1", "num_inputs=1", "input_types=0x0")
    until("the webcam's node", lambda: node())


def node() -> Path | None:
    """Where it is now; None while it is unplugged."""
    for entry in sorted(Path("/sys/class/video4linux").glob("video*")):
        if (entry / "name").read_text().startswith(NAME):
            return Path("/dev") / entry.name
    return None


def show(pattern: int) -> None:
    """Choose the picture, without words over it."""
    found = node()
    assert found is not None, "the webcam is unplugged"
    succeed("v4l2-ctl", "-d", str(found), "-c", f"test_pattern={pattern},osd_text_mode=2")


def unplug() -> None:
    (BUS / "unbind").write_text("vivid.0")
    until("the webcam's node to go", lambda: node() is None)


def replug() -> None:
    (BUS / "bind").write_text("vivid.0")
    until("the webcam's node", lambda: node())
