import ctypes

import pytest

from vcam.errors import SinkError
from vcam.pipewire import library as pw
from vcam.pipewire.library import check_version, load_library


class Library:
    """One that tells a version."""

    def __init__(self, version: bytes) -> None:
        class Function:
            def __call__(self) -> bytes:
                return version

        self.pw_get_library_version = Function()


def test_no_library_is_an_error_with_the_command_to_run() -> None:
    with pytest.raises(SinkError, match=r"sudo apt install libpipewire-0\.3-0 pipewire wireplumber"):
        load_library("libpipewire-of-nobody.so.0")


@pytest.mark.parametrize("version", [b"0.3.34", b"0.3.65", b"1.0.5", b"1.4.2", b"1.6.0"])
def test_a_version_that_has_all_calls_is_taken(version: bytes) -> None:
    check_version(Library(version))


def test_a_library_that_is_too_old_is_an_error() -> None:
    with pytest.raises(SinkError, match=r"PipeWire is 0\.3\.33, 0\.3\.34 or newer is needed"):
        check_version(Library(b"0.3.33"))


def test_another_library_of_that_name_is_an_error() -> None:
    with pytest.raises(SinkError, match="is not PipeWire's"):
        check_version(object())


def test_the_structs_have_the_sizes_and_offsets_of_the_headers() -> None:
    """As a C program prints them that is compiled with the headers of 0.3.65."""
    sizes = {pw.Chunk: 16, pw.Data: 40, pw.Meta: 16, pw.Header: 32, pw.Busy: 8, pw.SpaBuffer: 24}
    assert {struct: ctypes.sizeof(struct) for struct in sizes} == sizes
    assert (pw.Data.data.offset, pw.Data.chunk.offset) == (24, 32)
    assert (pw.Header.pts.offset, pw.Header.seq.offset) == (8, 24)
    assert (pw.StreamEvents.param_changed.offset, pw.StreamEvents.process.offset) == (40, 64)
