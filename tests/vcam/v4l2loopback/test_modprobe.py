"""What is read of modprobe.d, as modprobe itself would join it."""

from pathlib import Path

import pytest

from vcam.v4l2loopback.modprobe import last_labels, read_options


def put(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_lines_come_by_the_names_of_their_files_whatever_the_folder(tmp_path: Path) -> None:
    last = put(tmp_path, "usr/lib/modprobe.d/v4l2-relayd.conf", "options v4l2loopback video_nr=0\n")
    first = put(tmp_path, "etc/modprobe.d/sharpkd.conf", "options v4l2loopback video_nr=42\n")
    assert [(line.path, line.options) for line in read_options(tmp_path)] == [
        (first, {"video_nr": "42"}),
        (last, {"video_nr": "0"}),
    ]


def test_a_file_in_etc_hides_one_of_its_name(tmp_path: Path) -> None:
    put(tmp_path, "usr/lib/modprobe.d/a.conf", "options v4l2loopback video_nr=0\n")
    shown = put(tmp_path, "etc/modprobe.d/a.conf", "# options v4l2loopback video_nr=1\n")
    assert read_options(tmp_path) == []
    shown.write_text("options v4l2loopback video_nr=2\n")
    assert [line.options for line in read_options(tmp_path)] == [{"video_nr": "2"}]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('options v4l2loopback card_label="A B,C"', ["A B", "C"]),
        ('options v4l2loopback "card_label=A B,C"', ["A B", "C"]),
        ("options\tv4l2loopback devices=1 \\\ncard_label=A", ["A"]),
        ('options v4l2loopback card_label="A', ['"A']),
        ("options v4l2loopback devices=1", []),
    ],
)
def test_labels_are_read_as_the_kernel_reads_them(tmp_path: Path, text: str, labels: list[str]) -> None:
    put(tmp_path, "etc/modprobe.d/a.conf", f"{text}\n")
    (line,) = read_options(tmp_path)
    assert line.labels == labels


@pytest.mark.parametrize(
    "text",
    ["options v4l2loopback_other card_label=A", "install v4l2loopback true", "#options v4l2loopback a=1"],
)
def test_other_lines_are_left_out(tmp_path: Path, text: str) -> None:
    put(tmp_path, "etc/modprobe.d/a.conf", f"{text}\n")
    assert read_options(tmp_path) == []


def test_the_last_labels_count(tmp_path: Path) -> None:
    put(tmp_path, "etc/modprobe.d/a.conf", "options v4l2loopback card_label=A\n")
    put(tmp_path, "etc/modprobe.d/b.conf", "options v4l2loopback card_label=B\n")
    put(tmp_path, "etc/modprobe.d/c.conf", "options v4l2loopback exclusive_caps=1\n")
    last = last_labels(read_options(tmp_path))
    assert last is not None
    assert last.labels == ["B"]
    assert last_labels([]) is None
