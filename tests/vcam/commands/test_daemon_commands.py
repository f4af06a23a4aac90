"""A real daemon, from start to stop."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from program import ROOT, Program, wait_for

from vcam.commands.start import spawn

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU time of a process and all its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def wakes(pid: int) -> int:
    """How often the threads of a process have gone to sleep so far."""
    statuses = [(task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for status in statuses)


def ask(url: str) -> int:
    """The status of a picture, asked for with the key of an address."""
    address, _, key = url.partition("#key=")
    request = urllib.request.Request(f"{address}pair.jpg", headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def change(file: Path, line: str, other: str) -> None:
    text = file.read_text()
    assert line in text
    file.write_text(text.replace(line, other))


def test_start_status_set_and_stop(program: Program) -> None:
    assert program.run("status").returncode == 3
    started = program.run("start")
    assert (started.returncode, started.stderr) == (0, "")
    assert "started, pid" in started.stdout
    wait_for(lambda: program.status()["state"] == "running")

    again = program.run("start")
    assert (again.returncode, again.stdout.startswith("already running, pid")) == (0, True)
    second = subprocess.run([sys.executable, "-m", "vcam.daemon"], cwd=ROOT, check=False)
    assert second.returncode == 8

    assert program.run("set", "strength", "0.5").stdout == "strength = 0.5\n"
    assert program.run("set", "link", "180p").returncode == 0
    wait_for(lambda: (program.status()["kbps"] or 0) > 0)
    status = program.status()
    assert (status["strength"], status["link"], status["state"]) == (0.5, "180p", "running")
    assert status["drops"].get("source", 0) == 0

    wrong = program.run("set", "link", "17p")
    assert (wrong.returncode, wrong.stdout) == (7, "")
    assert wrong.stderr.startswith("sharpkd: no link profile '17p'; choose one of: 1080p")
    assert program.status()["link"] == "180p"

    lines = program.run("status").stdout.splitlines()
    assert lines[0] == "state    running"
    assert any(line.startswith("model    still (int8) on CPUExecutionProvider") for line in lines)

    assert program.run("stop").stdout == "stopped\n"
    assert [path.name for path in program.paths.runtime.iterdir()] == ["page.json"]
    assert program.run("status").returncode == 3
    assert program.run("stop").stdout == "not running\n"


def test_the_options_of_a_start_win_over_the_file_until_it_stops(program: Program) -> None:
    refused = program.run("start", "--source", "nosuch")
    assert (refused.returncode, program.pid) == (4, None)
    assert "no camera, file or address is called 'nosuch'" in refused.stderr
    started = program.run(
        "start", "--source", "sample", "--strength", "0.5", "--size", "160x120", "--always-on"
    )
    assert (started.returncode, started.stderr) == (0, "")
    assert program.run("set", "crispness", "0.25").returncode == 0
    assert program.run("reload").returncode == 0
    status = program.status()
    assert (status["size"], status["strength"], status["crispness"]) == ([160, 120], 0.5, None)
    assert program.run("config", "source").stdout.splitlines()[1].split()[:2] == ["source", "sample"]
    assert 'source = "pattern"' in program.paths.config.read_text()


def test_what_is_saved_for_the_next_restart_says_so(program: Program) -> None:
    assert program.run("set", "--save", "fps", "25").stdout == "fps = 25\n", "no camera runs"
    assert program.run("start").returncode == 0
    saved = program.run("set", "--save", "fps", "20", "size", "320x240", "strength", "0.5")
    assert (saved.returncode, saved.stdout) == (
        0,
        "fps = 20 (from the next sharpkd restart), size = 320x240, strength = 0.5\n",
    )
    row = program.run("config", "fps").stdout.splitlines()[1]
    assert row.split()[:2] == ["fps", "25"]
    assert row.endswith("needs a restart; the file has 20, from the next sharpkd restart")
    assert program.run("restart").returncode == 0
    assert program.run("config", "fps").stdout.splitlines()[1].endswith("needs a restart")


def test_the_options_of_a_start_reach_a_camera_that_runs(program: Program) -> None:
    assert program.run("start").returncode == 0
    again = program.run("start", "--strength", "0.25", "--always-on")
    assert (again.returncode, again.stdout.startswith("already running, pid")) == (0, True)
    assert program.status()["strength"] == 0.25
    fixed = program.run("start", "--size", "160x120")
    assert (fixed.returncode, "sharpkd restart" in fixed.stderr) == (2, True)


def test_an_address_of_a_start_is_not_among_the_words_that_others_may_read(program: Program) -> None:
    assert program.run("start", "--source", "rtsp://joe:SECRET@127.0.0.1:1/").returncode == 0
    words = Path(f"/proc/{program.pid}/cmdline").read_bytes()
    assert b"vcam.daemon" in words
    assert b"SECRET" not in words


def test_the_daemon_imports_nothing_from_the_folder_it_is_started_in(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Downloads"
    folder.mkdir()
    for name in ("random", "logging", "vcam"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(folder)
    with spawn(program.paths) as daemon:
        try:
            wait_for(lambda: program.pid == daemon.pid or daemon.poll() is not None)
            assert daemon.poll() is None, program.paths.log.read_text()
        finally:
            daemon.kill()


def test_a_paused_camera_costs_next_to_nothing(program: Program) -> None:
    program.run("start")
    wait_for(lambda: program.status()["state"] == "running")
    assert program.run("pause").stdout == "paused\n"
    assert program.status()["state"] == "paused"
    pid = program.pid
    assert pid is not None
    time.sleep(0.5)  # the last frames of the camera go their way
    begin_s, used_s, woken = time.monotonic(), cpu_s(pid), wakes(pid)
    time.sleep(3)
    passed_s = time.monotonic() - begin_s
    share = (cpu_s(pid) - used_s) / passed_s
    # the aim is 1% of a core; the kernel's clock ticks are 0.33% of these 3 s
    assert share < 0.01 + TICK_S / 3
    # it is six; one more thread that looks ten times a second whether there is something to do shows
    assert (wakes(pid) - woken) / passed_s < 14
    assert program.run("resume").returncode == 0
    wait_for(lambda: program.status()["state"] == "running")


def test_a_killed_daemon_leaves_no_obstacle(program: Program) -> None:
    program.run("start")
    program.kill()
    assert {"lock", "control.sock"} <= {path.name for path in program.paths.runtime.iterdir()}
    assert program.run("status").returncode == 3
    assert program.run("start").returncode == 0
    wait_for(lambda: program.status()["state"] == "running")


def test_a_daemon_whose_runtime_folder_is_deleted_stays_the_only_one(program: Program) -> None:
    program.run("start")
    pid = program.pid
    shutil.rmtree(program.paths.runtime)  # as logind does at logout
    again = program.run("start")
    assert (again.returncode, again.stdout.partition(":")[0]) == (0, f"already running, pid {pid}")
    assert program.status()["pid"] == pid
    shutil.rmtree(program.paths.runtime)
    assert program.run("stop").stdout == "stopped\n"
    assert program.pid is None


def test_signals_reload_and_stop_it_and_leave_nothing_behind(program: Program) -> None:
    program.run("start")
    pid = program.pid
    assert pid is not None
    assert program.paths.socket.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in program.paths.runtime.iterdir()) == [
        "control.sock",
        "lock",
        "page.json",
    ]
    url = program.status()["preview_url"]
    wrong = url[:-1] + ("x" if url[-1] != "x" else "y")
    assert (ask(url), ask(wrong), ask(url.partition("#")[0])) == (200, 403, 403)
    program.run("set", "strength", "0.25")
    os.kill(pid, signal.SIGHUP)
    wait_for(lambda: program.status()["strength"] == 1.0)
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: program.pid is None)
    assert [path.name for path in program.paths.runtime.iterdir()] == ["page.json"]
    assert program.run("logs", "-n", "1").stdout.endswith("INFO stopped\n")


@pytest.mark.parametrize("command", ["start", "restart"])
def test_a_configuration_that_was_named_has_to_be_there(
    program: Program, tmp_path: Path, command: str
) -> None:
    for name, found in (("nosuch.toml", "no such file"), (".", "is not a file")):
        answer = program.run_here(command, "--config", str(tmp_path / name))
        assert (answer.returncode, found in answer.stderr) == (2, True)
        assert "name one that exists, or leave --config out" in answer.stderr
    assert program.pid is None


def test_a_restart_with_a_configuration_that_is_not_there_stops_nothing(program: Program) -> None:
    assert program.run("start").returncode == 0
    pid = program.pid
    assert program.run("restart", "--config", "nosuch.toml").returncode == 2
    assert (program.pid, pid is None) == (pid, False)


def test_a_folder_is_told_as_a_source(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program.run("start").returncode == 0
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    for words in (["set", "source", "m"], ["set", "--save", "source", "m"], ["start", "--source", "m"]):
        answer = program.run_here(*words)
        assert (answer.returncode, answer.stderr) == (
            4,
            "sharpkd: m is a folder, expected a file, a camera or an address\n",
        )


def test_a_typo_in_the_configuration_ends_the_start_with_one_line(program: Program) -> None:
    program.paths.config.write_text("strenght = 1\n")
    failed = program.run("start")
    assert failed.returncode == 2
    assert failed.stderr.startswith(f"sharpkd: {program.paths.config}: no setting 'strenght' (did you mean")
    assert failed.stderr.count("\n") == 1


def test_an_address_that_is_not_valid_ends_the_start_with_one_line(program: Program) -> None:
    program.paths.config.parent.mkdir(parents=True, exist_ok=True)
    program.paths.config.write_text('source = "rtsp://admin:p[ss@127.0.0.1/x"\n')
    started = program.run("start")
    assert (started.returncode, started.stdout) == (2, "")
    assert started.stderr.count("\n") == 1
    assert "not a valid URL; in user and password write [ as %5B" in started.stderr
    assert "p[ss" not in started.stderr


def test_no_source_ends_the_camera(program: Program, tmp_path: Path) -> None:
    """A codec without a decoder, a pipe nobody writes to, a device without end, a name no file can have."""
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>')
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    assert program.run("start", "--always-on").returncode == 0
    pid = program.pid
    for source, code, cause in (
        ("http://[::1", 2, "not a valid URL"),
        (str(tmp_path / "pipe.mp4"), 4, "expected a regular file"),
        (str(tmp_path / "zero.mp4"), 4, "expected a regular file"),
        ("a" * 300 + ".mp4", 4, "File name too long"),
        ("nosuch", 4, "no camera, file or address is called 'nosuch'"),
    ):
        refused = program.run("set", "source", source)
        assert (refused.returncode, refused.stderr.count("\n")) == (code, 1)
        assert cause in refused.stderr
    assert program.run("set", "source", str(tmp_path / "a.svg")).returncode == 0
    wait_for(lambda: "no decoder" in program.status()["state"])
    awaited = program.run("set", "source", "/dev/video9")
    assert (awaited.returncode, awaited.stdout) == (0, "source = /dev/video9\n")
    assert awaited.stderr.startswith("warning: source: /dev/video9 is not there now; it is taken as soon as")
    change(program.paths.config, 'model = "auto"', 'model = "nosuch"')
    assert "no model 'nosuch'" in program.run("reload").stderr
    assert program.run("set", "source", "sample").returncode == 0
    wait_for(lambda: program.status()["state"] == "running")
    assert program.pid == pid


def test_a_corrupt_model_is_refused_at_the_start_and_survived_at_a_reload(
    program: Program, weights: Path
) -> None:
    program.run("start")
    wait_for(lambda: program.status()["state"] == "running")
    (weights / "still.onnx").write_bytes(b"scrap")
    refused = program.run("reload")
    assert refused.returncode == 6
    assert "still.onnx is not the published file" in refused.stderr
    fresh = program.status()["fresh"]
    wait_for(lambda: program.status()["fresh"] > fresh)
    assert program.status()["state"] == "running"
    assert program.run("stop").returncode == 0
    failed = program.run("start")
    assert failed.returncode == 6
    assert "still.onnx is not the published file" in failed.stderr
    assert program.pid is None


def test_a_camera_that_is_not_there_is_waited_for(program: Program) -> None:
    saved = program.run("set", "--save", "source", "/nowhere/talk.mp4")
    assert (saved.returncode, program.paths.config.read_text().count("nowhere")) == (4, 0)
    change(program.paths.config, 'source = "pattern"', 'source = "/nowhere/talk.mp4"')
    assert program.run("start").returncode == 0
    wait_for(lambda: program.status()["state"].startswith("waiting for camera: no file talk.mp4"))
    assert program.run("set", "source", "pattern").returncode == 0
    wait_for(lambda: program.status()["state"] == "running")


@pytest.mark.parametrize(
    ("words", "code"), [(("set", "strength", "1"), 3), (("pause",), 3), (("reload",), 3)]
)
def test_without_a_daemon_a_command_says_how_to_start_one(
    program: Program, words: tuple[str, ...], code: int
) -> None:
    answer = program.run(*words)
    assert (answer.returncode, answer.stderr) == (
        code,
        "sharpkd: not running; start it with: sharpkd start\n",
    )
