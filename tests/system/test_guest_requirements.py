import lzma

import pytest

from tests.system.kernel import extract_elf
from tests.system.rootfs import requirements_of

METADATA = """\
Name: sharpkd-camera
Requires-Dist: av<19,>=17
Requires-Dist: opencv-python-headless<6,>=4.10
Requires-Dist: onnxruntime-gpu<2,>=1.31; platform_machine == "x86_64" and sys_platform == "linux"
Requires-Dist: onnxruntime-gpu<2,>=1.31; platform_machine == "AMD64" and sys_platform == "win32"
Requires-Dist: torch>=2.6; extra == "distill"
"""


def test_the_guest_gets_what_the_wheel_wants_in_a_servers_builds() -> None:
    assert requirements_of(METADATA) == [
        "av<19,>=17",
        "onnxruntime<2,>=1.31",
        "opencv-python-headless<6,>=4.10",
    ]


def test_the_kernel_is_found_behind_the_boot_code() -> None:
    kernel = b"\x7fELF" + bytes(1000)
    image = b"MZ" + b"\xfd7zXZ\0 no archive" + lzma.compress(kernel, lzma.FORMAT_XZ) + b"tail"
    assert extract_elf(image) == kernel


def test_an_image_without_one_says_so() -> None:
    with pytest.raises(ValueError, match="no kernel packed with xz"):
        extract_elf(b"MZ" + bytes(100))
