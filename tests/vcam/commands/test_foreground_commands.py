"""`run`, `enhance`, `bench` and the small ones, as processes of their own where they do something."""

import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from children import child
from program import PATIENCE_S, ROOT, Program

from vcam.sinks.recording import can_be_played
from vcam.sources.sample import SAMPLE_PATH

KEYS = {"frames", "fresh", "seconds", "fps", "age_ms", "stage_ms", "drops", "kbps", "cpu_cores", "rss_mb"}


def count_frames(path: Path) -> tuple[int, tuple[int, int]]:
    with av.open(path) as container:
        frames = list(container.decode(video=0))
    return len(frames), (frames[0].width, frames[0].height)


def write_clip(path: Path, frames: int = 5, has_audio: bool = False) -> Path:
    """A grey 64x48 clip, with a beep if wanted."""
    with av.open(path, "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=16000) if has_audio else None
        for level in range(frames):
            picture = np.full((48, 64, 3), level * 20, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(video.encode(None))
        if sound:
            tone = np.sin(np.arange(3200) / 5)[None].astype(np.float32)
            beep = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            beep.sample_rate = 16000
            container.mux(sound.encode(beep))
            container.mux(sound.encode(None))
    return path


def test_run_ends_with_one_json_object(program: Program) -> None:
    answer = program.run("run", "--frames", "20", "--link", "360p", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    summary = json.loads(answer.stdout.splitlines()[-1])
    assert set(summary) >= KEYS
    assert summary["frames"] == 20
    assert 0 < summary["fresh"] <= 20
    assert set(summary["stage_ms"]) == {"link", "restore", "adjust"}
    assert summary["kbps"] > 0
    assert summary["age_ms"]["p50"] > 0
    assert (summary["model"], summary["provider"]) == ("still (int8)", "CPUExecutionProvider")


def test_run_without_restoration_passes_the_picture_on(program: Program) -> None:
    answer = program.run("run", "--frames", "5", "--no-restore", "--json")
    summary = json.loads(answer.stdout.splitlines()[-1])
    assert (set(summary["stage_ms"]), summary["model"], summary["kbps"]) == ({"adjust"}, "none", None)


def test_run_records_what_it_shows(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    answer = program.run("run", "--frames", "12", "--sink", str(path), "--lossless", "--size", "160x120")
    assert answer.returncode == 0
    assert count_frames(path) == (12, (160, 120))


def test_an_interrupted_run_says_what_it_did(program: Program) -> None:
    words = ("run", "--source", "pattern", "--sink", "preview", "--json")
    command = [sys.executable, "-m", "vcam.cli", *words]
    with child(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert "before and after, live: http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "frames" in json.loads(output.splitlines()[-1])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--source", "/nowhere/talk.mp4"), 4, "no file /nowhere/talk.mp4"),
        (("--source", __file__), 4, "is not a video"),
        (("--sink", "/nowhere/out.mp4"), 5, "cannot write /nowhere/out.mp4"),
        (("--sink", "out.avi"), 5, "no sink 'out.avi'"),
        (("--sink", f"{'a' * 300}.mp4"), 5, "File name too long"),
        (("--source", f"{'a' * 300}.mp4"), 4, "File name too long"),
        (("--source", "http://[::1"), 2, "not a valid URL"),
        (("--link", "17p"), 7, "no link profile '17p'"),
        (("--model", "huge"), 6, "no model 'huge'"),
        (("--size", "1281x720"), 2, "--size"),
        (("--size", "4096x2160"), 2, "at most 1920x1080"),
        (("--strength", "1.5"), 2, "--strength: strength = 1.5 is out of range"),
        (("--frames", "0"), 2, "--frames: 0 is not above 0"),
        (("--link", "off,loss=1"), 7, "'off' has nothing that could be changed"),
        (("--require-gpu",), 6, "or leave require_gpu off"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_an_exit_code(
    program: Program, words: tuple[str, ...], code: int, message: str
) -> None:
    answer = program.run_here("run", "--frames", "3", *words)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert answer.stderr.startswith("sharpkd: ")
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_full_disk_while_recording_is_a_sink_error_and_keeps_what_there_is(
    program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "disk" / "out.mp4"
    path.parent.mkdir()
    words = ("run", "--sink", str(path), "--source", "pattern", "--size", "1280x720", "--no-restore")
    answer = program.run(*words, limit_blocks=100)
    assert answer.returncode == 5
    assert answer.stderr.startswith(f"sharpkd: cannot write {path}")
    assert answer.stderr.endswith(f"; what was recorded until then is in {path}\n")
    assert list(path.parent.iterdir()) == [path]
    assert can_be_played(path)


def test_a_disk_that_is_full_from_the_beginning_has_no_recording(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ("run", "--frames", "200", "--sink", str(folder / "out.mkv"), "--lossless")
    answer = program.run(*words, limit_blocks=1)
    assert answer.returncode == 5
    assert answer.stderr.startswith(f"sharpkd: cannot write {folder / 'out.mkv'}")
    assert list(folder.iterdir()) == []


def test_enhance_keeps_every_frame_and_the_sound(program: Program, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "in.mp4", frames=7, has_audio=True)
    answer = program.run("enhance", str(clip), str(tmp_path / "out.mp4"))
    assert answer.returncode == 0
    assert answer.stderr == ""  # the bar is for a terminal
    assert count_frames(tmp_path / "out.mp4") == (7, (128, 96))
    with av.open(tmp_path / "out.mp4") as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 3200
    assert {path.suffix for path in tmp_path.iterdir() if path.is_file()} == {".mp4"}


def test_enhance_of_a_picture_makes_a_picture(program: Program, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "in.png"), np.full((40, 60, 3), 90, np.uint8))
    answer = program.run("enhance", str(tmp_path / "in.png"), str(tmp_path / "out.jpg"), "--size", "120x80")
    assert answer.returncode == 0
    picture = cv2.imread(str(tmp_path / "out.jpg"))
    assert picture is not None
    assert picture.shape == (80, 120, 3)
    # the stand-in changes nothing: what is left is limited range and JPEG
    assert abs(int(picture.mean()) - 90) <= 1


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        (("missing.mp4", "out.mp4"), 4, "no file"),
        (("in.mp4", "out.avi"), 5, "ending '.avi'"),
        (("in.mp4", "in.mp4"), 5, "is the input itself"),
        (("in.mp4", "out.png"), 4, "is a video and"),
        (("in.mp4", "missing/out.mp4"), 5, "cannot write"),
    ],
)
def test_what_cannot_be_enhanced_says_why_and_leaves_no_file(
    program: Program, tmp_path: Path, names: tuple[str, str], code: int, message: str
) -> None:
    write_clip(tmp_path / "in.mp4")
    answer = program.run_here("enhance", *(str(tmp_path / name) for name in names))
    assert answer.returncode == code
    assert message in answer.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["in.mp4"]


@pytest.mark.parametrize("command", ["enhance", "run"])
def test_what_is_there_is_overwritten_only_on_demand(program: Program, tmp_path: Path, command: str) -> None:
    clip, target = write_clip(tmp_path / "in.mp4"), tmp_path / "keep.mkv"
    target.write_bytes(b"mine")
    words = [command, str(clip), str(target)]
    if command == "run":
        words = [command, "--source", str(clip), "--sink", str(target), "--frames", "3"]
    answer = program.run(*words)
    assert (answer.returncode, target.read_bytes()) == (5, b"mine")
    assert "overwrite it with --force" in answer.stderr
    assert program.run(*words, "--force").returncode == 0
    assert count_frames(target)[0] >= 3


def test_enhance_of_a_folder_goes_on_after_a_file_that_cannot_be_read(
    program: Program, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_clip(folder / "b.mp4")
    (folder / "a.mp4").write_bytes(b"no video")
    cv2.imwrite(
        str(folder / "c.png"), np.dstack([np.full((40, 60), level, np.uint8) for level in (9, 9, 9, 90)])
    )
    answer = program.run("enhance", str(folder), str(tmp_path / "out"), "--size", "64x64")
    assert answer.returncode == 4
    assert "a.mp4 is not a video" in answer.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b.mp4", "c.png"]
    assert count_frames(tmp_path / "out" / "b.mp4") == (5, (64, 48))
    picture = cv2.imread(str(tmp_path / "out" / "c.png"), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert picture.shape == (42, 64, 4)
    assert set(np.unique(picture[..., 3])) == {90}


@pytest.mark.parametrize(
    ("side", "options", "reason"),
    [(1, (), "the picture is 1x1"), (20, ("--scale", "0.5"), "--scale 0.5 makes 10x10")],
)
def test_each_of_several_files_that_is_refused_is_named_once(
    program: Program, tmp_path: Path, side: int, options: tuple[str, ...], reason: str
) -> None:
    names = ("a.png", "b.png")
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.zeros((side, side, 3), np.uint8))
    out = str(tmp_path / "out")
    answer = program.run_here("enhance", *(str(tmp_path / name) for name in names), out, *options)
    for name, line in zip(names, answer.stderr.splitlines(), strict=True):
        assert line.startswith(f"sharpkd: {tmp_path / name}: {reason}")
        assert line.count(name) == 1


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_a_disk_that_is_full_for_the_sound_is_an_error_and_leaves_what_was_finished(
    program: Program, tmp_path: Path, ending: str
) -> None:
    clip = write_clip(tmp_path / "in.mp4", frames=3, has_audio=True)
    noise = np.random.default_rng(0).integers(-9000, 9000, (1, 480_000), np.int16)
    with av.open(tmp_path / "loud.mkv", "w") as container, av.open(clip) as quiet:
        video = container.add_stream_from_template(quiet.streams.video[0])
        sound = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for packet in quiet.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
        frame.sample_rate = 48_000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / f"b.{ending}"
    answer = program.run("enhance", str(tmp_path / "loud.mkv"), str(target), limit_blocks=64)
    assert answer.returncode == 5, answer.stderr
    assert f"cannot write {target}" in answer.stderr
    assert list(folder.iterdir()) == []


def test_an_output_folder_that_cannot_be_made_is_one_line(program: Program, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "in.mp4")
    answer = program.run_here("enhance", str(clip), str(clip), str(clip / "out"))
    assert (answer.returncode, answer.stderr.count("\n")) == (5, 1)
    assert "cannot write" in answer.stderr


def test_a_card_alone_replaces_no_recording(program: Program, tmp_path: Path) -> None:
    target = tmp_path / "keep.mkv"
    target.write_bytes(b"mine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/live"
        refuse = threading.Thread(target=answer_not_found, args=(server,), daemon=True)
        refuse.start()
        answer = program.run("run", "--source", address, "--sink", str(target), "--force")
    assert (answer.returncode, target.read_bytes()) == (4, b"mine")
    assert [path for path in tmp_path.iterdir() if path.suffix == ".partial"] == []


def answer_not_found(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.slow
def test_bench_prints_a_table_and_one_json_object(program: Program) -> None:
    answer = program.run("bench", "--seconds", "0.1")
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    figures = json.loads(lines[-1])
    assert set(figures["median_ms"]) == {
        "decode any",
        "link 360p any",
        "restore 720p",
        "publish 720p",
        "restore 1080p",
        "publish 1080p",
    }
    assert all(ms > 0 for ms in figures["median_ms"].values())
    assert (figures["provider"], figures["threads"]) == ("CPUExecutionProvider", 1)
    assert lines[0].split() == ["step", "output", "median", "p95"]


@pytest.mark.slow
def test_bench_compares_engines(program: Program) -> None:
    answer = program.run("bench", "--engines", "--seconds", "0.001", "--size", "64x48")
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    (cpu,) = json.loads(lines[-1])["models"]["still"]
    assert (cpu["engine"], cpu["fault"], cpu["ms"] > 0) == ("cpu", "", True)
    assert lines[1].split()[:2] == ["still", "cpu"]
    assert lines[1].endswith("auto")


def test_devices_lists_cameras_and_the_virtual_camera(program: Program) -> None:
    answer = program.run("devices")
    assert answer.returncode == 0
    assert "cameras:" in answer.stdout
    assert "virtual camera:" in answer.stdout


def test_the_clip_is_where_the_demonstration_looks_for_it() -> None:
    assert SAMPLE_PATH.exists()


@pytest.mark.parametrize(
    "command", [("enhance", str(SAMPLE_PATH)), ("record", "--source", "pattern", "--seconds", "1")]
)
def test_an_output_whose_name_is_too_long_is_one_line(program: Program, command: tuple[str, ...]) -> None:
    answer = program.run_here(*command, f"{'a' * 300}.mp4")
    assert (answer.returncode, "Traceback" in answer.stderr) == (5, False)
    assert "File name too long" in answer.stderr.splitlines()[-1]


def test_config_lists_the_settings_of_the_file(program: Program) -> None:
    listed = program.run("config", "size", "strength")
    assert (listed.returncode, listed.stderr) == (0, "")
    lines = listed.stdout.splitlines()
    assert lines[1].split() == ["size", "320x240", "1280x720", "size", "needs", "a", "restart"]
    assert lines[3].split() == ["strength", "1.0", "1.0", "0..1"]
    assert lines[-1] == f"file: {program.paths.config}"
    everything = json.loads(program.run_here("config", "--json").stdout)
    assert {"source", "light"} <= {one["name"] for one in everything["settings"]}
    wrong = program.run_here("config", "strenght")
    assert (wrong.returncode, "did you mean 'strength'" in wrong.stderr) == (2, True)
