import os
from dataclasses import replace
from pathlib import Path

import pytest

from vcam.errors import LinkError
from vcam.link import PROFILES, LinkProfile, check_profile, fit_size, load_trace, parse_profile, rate_at


def write(folder: Path, text: str) -> Path:
    path = folder / "trace.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", PROFILES)
def test_each_named_profile_can_be_used(name: str) -> None:
    profile = parse_profile(name)
    check_profile(profile)
    assert (profile.width, profile.height) == (PROFILES[name].width, PROFILES[name].height)


def test_the_ladder_falls_in_size_and_in_rate() -> None:
    rates = [profile.kbps for profile in PROFILES.values()]
    heights = [profile.height for profile in PROFILES.values()]
    assert rates == sorted(rates, reverse=True)
    assert heights == sorted(heights, reverse=True)


def test_settings_follow_the_name() -> None:
    profile = parse_profile("360p,codec=vp8,kbps=300,loss=0.02,fps=15,rtt_ms=250")
    assert profile == LinkProfile(
        "360p,codec=vp8,kbps=300,loss=0.02,fps=15,rtt_ms=250",
        "vp8",
        640,
        360,
        kbps=300,
        fps=15,
        loss=0.02,
        rtt_ms=250,
    )


def test_a_constant_quality_is_a_whole_number() -> None:
    assert parse_profile("270p,crf=30").crf == 30


def test_a_trace_is_read_from_its_file(tmp_path: Path) -> None:
    path = write(tmp_path, "0 500\n4 100\n")
    assert parse_profile(f"360p,trace={path}").trace == ((0, 500), (4, 100))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("361p", "choose one of: 1080p, 720p"),
        ("360p,speed=3", "no setting 'speed'; expected one of: codec"),
        ("360p,name=x", "no setting 'name'"),
        ("360p,kbps=fast", "kbps='fast' is not a number"),
        ("360p,kbps", "kbps='' is not a number"),
        ("360p,crf=1.5", "crf='1.5' is not a number"),
        ("360p,codec=mpeg2", "no codec 'mpeg2' for a link; choose one of: h264, vp8"),
        ("360p,loss=0.95", "loss=0.95 is outside 0..0.9"),
        ("360p,loss=nan", "loss=nan is outside"),
        ("360p,fps=0", "fps=0 is outside 1..240"),
        ("360p,kbps=inf", "kbps=inf is outside"),
        ("360p,crf=70", "crf=70 is outside 0..51"),
        ("360p,codec=vp9,crf=64", "crf=64 is outside 0..63"),
        ("360p,codec=vp8,crf=30", "vp8 knows no constant quality in real time; give kbps=300"),
        ("360p,preset=warp", "no x264 preset 'warp'; choose one of: ultrafast, superfast"),
        ("360p,width=641", "must be even"),
        ("360p,trace=/nowhere/trace.txt", "cannot read the bandwidth trace /nowhere/trace.txt"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(LinkError) as caught:
        parse_profile(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_trace_may_have_comments_commas_and_blank_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "# a tunnel\n0, 500\n\n2.5 80 # inside\n")
    assert load_trace(path) == ((0, 500), (2.5, 80))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the first step must be at second 0"),
        ("1 500\n", "the first step must be at second 0"),
        ("0 500\n0 400\n", ":2: seconds must rise"),
        ("0 500\n-1 400\n", ":2: seconds must rise"),
        ("0 0\n", ":1: seconds must rise and kbps be 1..100000"),
        ("0 nan\n", ":1: seconds must rise and kbps be 1..100000"),
        ("0 inf\n", ":1: seconds must rise and kbps be 1..100000"),
        ("0 500\nnan 400\n", ":2: seconds must rise"),
        ("0 500\ninf 400\n", ":2: seconds must rise"),
        ("0 500 3\n", ":1: expected 'second kbps'"),
        ("0 500\nsoon 3\n", ":2: expected 'second kbps'"),
    ],
)
def test_a_trace_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(LinkError) as caught:
        load_trace(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_trace_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LinkError, match="cannot read the bandwidth trace"):
        load_trace(path)


def test_without_a_trace_the_rate_is_the_profiles() -> None:
    assert rate_at(LinkProfile(kbps=321), 99) == 321


@pytest.mark.parametrize(
    ("second", "kbps"),
    [(0, 500), (3.9, 500), (4, 100), (5.9, 100), (6, 300), (7.9, 300), (8, 500), (12, 100)],
)
def test_the_last_step_lasts_as_long_as_the_one_before_and_then_the_trace_starts_again(
    second: float, kbps: float
) -> None:
    assert rate_at(LinkProfile(trace=((0, 500), (4, 100), (6, 300))), second) == kbps


def test_a_trace_of_one_step_holds_for_ever() -> None:
    assert rate_at(LinkProfile(trace=((0, 200),)), 1e6) == 200


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((1920, 1080), (640, 360)),
        ((640, 480), (480, 360)),
        ((1080, 1920), (202, 360)),
        ((320, 180), (320, 180)),
        ((640, 360), (640, 360)),
    ],
)
def test_a_picture_is_scaled_into_the_box_and_never_up(
    size: tuple[int, int], fitted: tuple[int, int]
) -> None:
    assert fit_size(size, (640, 360)) == fitted


def test_checking_needs_no_parsing() -> None:
    with pytest.raises(LinkError, match="kbps=0 is outside"):
        check_profile(replace(PROFILES["360p"], kbps=0))


def test_a_trace_is_a_regular_file_of_a_bounded_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(b"#" * 1_000_001)
    for name in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(LinkError, match="expected a regular file"):
            parse_profile(f"360p,trace={name}")
    with pytest.raises(LinkError, match="larger than 1000000 bytes"):
        load_trace(tmp_path / "long")


def test_no_line_of_a_file_that_is_not_a_trace_is_repeated(tmp_path: Path) -> None:
    for line in ("root:secret:0", "1 secret", "5 1"):
        (tmp_path / "shadow").write_text(line)
        with pytest.raises(LinkError) as caught:
            load_trace(tmp_path / "shadow")
        assert line not in str(caught.value)
        assert "secret" not in str(caught.value)


def test_a_trace_without_a_file_has_a_rate_for_each_second() -> None:
    profile = parse_profile("360p,loss=0.02,trace=300:800.5:200")
    assert (profile.trace, profile.loss) == (((0, 300), (1, 800.5), (2, 200)), 0.02)
    assert [rate_at(profile, second) for second in (0, 0.9, 1.5, 2.9, 3.0)] == [300, 300, 800.5, 200, 300]


@pytest.mark.parametrize("trace", ["0:300", "300:100001", "300:0.5"])
def test_a_rate_of_such_a_trace_that_no_link_has_is_refused(trace: str) -> None:
    with pytest.raises(LinkError, match=r"outside 1\.\.100000 kbps"):
        parse_profile(f"360p,trace={trace}")


@pytest.mark.parametrize("trace", ["300:", ":300", "300:-1", "300:x", "300::2", "300"])
def test_what_is_no_such_trace_is_a_files_name(trace: str) -> None:
    with pytest.raises(LinkError, match="cannot read the bandwidth trace"):
        parse_profile(f"360p,trace={trace}")
