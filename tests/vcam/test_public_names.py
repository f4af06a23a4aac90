import time

import pytest

from vcam.public import public_name, public_text, without_folders

# each has SECRET where somebody may have put it
SECRETS = [
    "rtsp://joe:SECRET@cam:554/live",
    "rtsp://joe:SEC/RET-SECRET@cam/live",
    "rtsp://joe:12/SECRET@cam/live",
    "rtsp://joe:12#SECRET@cam/live",
    "rtsp://joe:12?SECRET@cam/live",
    "rtsp://joe:p[SECRET@cam/live",
    "rtsp://joe:p@SECRET@cam/live",
    "rtsp://joe:my SECRET@cam/live",
    "rtsp://joe:12/SECRET%40cam/live",
    "RTSP://joe:SECRET@cam/live",
    "rtsp:/joe:SECRET@cam/live",
    "rtsp:joe:SECRET@cam",
    "joe:SECRET@cam",
    "http://[::1SECRET",
    "http://cam/video?key=SECRET",
    "http://cam/SECRET/live.m3u8",
    "http://cam/video#SECRET",
    "http://cam:SECRET/",
    "srt://cam:9000?passphrase=SECRET",
    "/home/SECRET/talk.mp4",
    "/home/joe/my SECRET/talk.mp4",
    "file:///home/SECRET/talk.mp4",
    "file://localhost/home/SECRET/talk.mp4",
    "C:\\Users\\SECRET\\talk.mp4",
    "calls/SECRET/call.sdp",
]


@pytest.mark.parametrize("source", SECRETS)
def test_a_name_has_no_secret(source: str) -> None:
    assert "SECRET" not in public_name(source)


@pytest.mark.parametrize("source", SECRETS)
@pytest.mark.parametrize(
    "sentence", ["cannot open {} (404): check it", "no camera is called {!r}; see x@y.z"]
)
def test_a_sentence_about_a_source_has_no_secret(source: str, sentence: str) -> None:
    assert "SECRET" not in public_text(sentence.format(source), source)


@pytest.mark.parametrize("source", [source for source in SECRETS if "://" in source[:8]])
def test_an_address_is_found_in_a_sentence_about_anything(source: str) -> None:
    if not source.startswith("file:"):
        assert "SECRET" not in public_text(f"[Errno 5] Input/output error: '{source}'")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("rtsp://joe:secret@cam:554/live?key=abc", "rtsp://cam:554"),
        ("http://[fe80::1%eth0]:8080/video", "http://[fe80::1%eth0]:8080"),
        ("rtsp://joe:p[ss@127.0.0.1/x", "rtsp://127.0.0.1"),
        ("/home/joe/talk.mp4", "talk.mp4"),
        ("/dev/video0", "/dev/video0"),
        ("USB 2.0 Camera", "USB 2.0 Camera"),
        ("auto", "auto"),
        ("/", "hidden"),
    ],
)
def test_a_name_tells_what_may_be_told(source: str, name: str) -> None:
    assert public_name(source) == name


def test_a_public_name_stays_what_it_is() -> None:
    for source in SECRETS:
        name = public_name(source)
        assert public_name(name) == name
        assert public_text(f"cannot open {name}: check it", source) == f"cannot open {name}: check it"


def test_a_name_is_short() -> None:
    assert len(public_name("x" * 20_000)) == 120


def test_a_long_text_takes_no_time() -> None:
    start_s = time.perf_counter()
    for text in ("x" * 20_000, "http:/" * 3_000, "/a" * 10_000, "a." * 10_000):
        public_text(text, text)
        without_folders(text)
    # a hundredth of a second here; what goes over each start of a word takes minutes
    assert time.perf_counter() - start_s < 5


def test_control_characters_are_shown_and_not_obeyed() -> None:
    assert public_text("a\nERROR b\x1b[2J\u2028c") == r"a\nERROR b\x1b[2J\u2028c"
    assert public_text("Käse – 鏡") == "Käse – 鏡"


def test_the_addresses_of_remedies_are_told_whole() -> None:
    command = "git clone https://github.com/v4l2loopback/v4l2loopback && cd v4l2loopback"
    assert public_text(command) == command


def test_files_are_told_without_their_folders() -> None:
    text = "chmod u+r /home/joe/clip.mp4, v4l2-ctl -d /dev/video0 'C:\\Users\\joe\\a.onnx' ~/a/b.toml 1/2"
    assert without_folders(text) == "chmod u+r clip.mp4, v4l2-ctl -d /dev/video0 'a.onnx' b.toml 1/2"
