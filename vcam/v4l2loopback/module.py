"""The kernel module: the commands that load and reload it, with which options."""

import re
from collections.abc import Mapping

CARD = "SharpKD Camera"  # the label of the virtual camera that this program publishes to
NUMBER = 42
MODULE = "v4l2loopback"
DRIVER = "v4l2 loopback"  # as a node names it
ADDS_DEVICES = (0, 13)  # from here on v4l2loopback-ctl adds devices, and the module tells its version
ONE_READER = (0, 13, 2)  # from here on one program at a time can watch a camera
LOST_IN_LABELS = re.compile(r'[,"`$\\!]')  # commas part labels, the rest means something to a shell


def module_options(cameras: Mapping[int, str]) -> str:
    """The module's options for cameras, labels by number: as a shell reads them, and modprobe.d(5)."""
    numbers = sorted(cameras)
    labels = ",".join(LOST_IN_LABELS.sub(" ", cameras[number]) for number in numbers)
    return (
        f"devices={len(numbers)} video_nr={','.join(map(str, numbers))}"
        f' card_label="{labels}" exclusive_caps={",".join("1" * len(numbers))} max_buffers=4'
    )


OPTIONS = module_options({NUMBER: CARD})
MODPROBE = f"sudo modprobe {MODULE} {OPTIONS}"
UNLOAD = f"sudo modprobe -r {MODULE}"
INSTALL = "Unless your kernel brings v4l2loopback (Ubuntu 24.04), install it (Debian: v4l2loopback-dkms)"


def load_command(cameras: Mapping[int, str]) -> str:
    """The command that loads the module with these cameras, labels by number."""
    return f"sudo modprobe {MODULE} {module_options(cameras)}"


def reload_command(cameras: Mapping[int, str]) -> str:
    """The command that loads the module again with these cameras, labels by number."""
    return f"{UNLOAD} && {load_command(cameras)}"


def how_to_install() -> str:
    """One line that says how to get a virtual camera."""
    return f"{INSTALL}, then run: {MODPROBE}"
