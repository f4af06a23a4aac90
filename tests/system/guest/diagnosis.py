"""`sharpkd doctor` and `sharpkd install` on a machine that lacks things, and on one that lacks nothing."""

import json
from pathlib import Path
from typing import Any

from guest import camera, webcam
from guest.host import is_loaded, run, succeed
from guest.readers import watching
from guest.report import Report, note


def check_before(report: Report, version: str) -> None:
    """On a machine as it comes: a webcam, no module loaded."""
    with report.check("doctor says that the module is not loaded, and what loads it"):
        webcam.load()
        camera.use_model("brighter")
        camera.configure()
        assert not is_loaded("v4l2loopback")
        code, findings = diagnose()
        problems = [finding for finding in findings if finding["level"] == "problem"]
        note(json.dumps(problems)[:600])
        assert code == 1
        assert any("modprobe v4l2loopback" in finding["fix"] for finding in problems), problems
    with report.check("the block that install prints makes the camera, and keeps it over a reboot"):
        printed = succeed("sharpkd", "install")
        block = _block_of(printed)
        note(block.replace("\n", " | ")[:400])
        Path("/usr/local/bin/sudo").write_text('#!/bin/sh\nexec "$@"\n')
        Path("/usr/local/bin/sudo").chmod(0o755)
        done = run("sh", "-e", "-c", block)
        assert done.returncode == 0, done.stderr
        assert is_loaded("v4l2loopback")
        said = Path("/sys/module/v4l2loopback/version")  # 0.12.7 does not tell
        assert not said.exists() or said.read_text().strip() == version
        assert camera.node() is not None
        assert "sharpkd" in " ".join(path.name for path in Path("/etc/modules-load.d").iterdir())


def check_after(report: Report, version: str) -> None:
    """While the camera runs, once more in the same life of the module."""
    with report.check("started again after another writer, it shows the webcam"):
        camera.start()
        webcam.show(webcam.BARS_75)
        with watching("v4l2-ctl", camera.the_node()) as reader:
            reader.until_shows(webcam.BARS_75, camera.BRIGHTER)
    with report.check("doctor finds nothing to fix while the camera runs"):
        code, findings = diagnose()
        note(json.dumps([finding for finding in findings if finding["level"] != "ok"])[:900])
        assert code == 0, [finding for finding in findings if finding["level"] == "problem"]
    with report.check("uninstall removes what install wrote"):
        succeed("sharpkd", "uninstall")
        left = [
            path
            for path in Path("/root").rglob("sharpkd*.*")
            if path.suffix in (".service", ".desktop", ".svg")
        ]
        assert not left, left


def diagnose() -> tuple[int, list[dict[str, Any]]]:
    done = run("sharpkd", "doctor", "--json", limit_s=180)
    try:
        return done.returncode, json.loads(done.stdout)["findings"]
    except (ValueError, KeyError):
        raise AssertionError(f"doctor said {done.stdout[-300:]} {done.stderr[-600:]}") from None


def _block_of(printed: str) -> str:
    """The commands for root among what install prints: all from the first line with sudo on."""
    lines = printed.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("sudo "))
    return "\n".join(lines[first:]) + "\n"
