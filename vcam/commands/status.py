"""Say what the background camera does; exit code 0 if it runs, 3 if not."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from vcam.control.client import ControlClient
from vcam.paths import user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    status = ControlClient(user_paths().socket).status()
    print(json.dumps(status) if args.json else describe(status))
    return 0


def describe(status: Mapping[str, Any]) -> str:
    """The status as lines for a person."""
    width, height = status["size"]
    age = status["age_ms"]
    rows = {
        "state": status["state"],
        "source": status["source"],
        "sink": f"{status['sink']}, {width}x{height}, {status['fps']:.1f} fps",
        "model": _describe_model(status),
        "picture": _describe_picture(status),
        "link": _describe_link(status),
        "stages": _join(f"{name} {ms['p50']:.1f} ms" for name, ms in status["stage_ms"].items()),
        "age": f"p50 {age['p50']:.0f} ms, p95 {age['p95']:.0f} ms",
        "audio": f"delay it by {status['audio_delay_ms']} ms",
        "drops": _join(f"{cause} {count}" for cause, count in status["drops"].items() if count),
        "cpu": _describe_share(status),
        "watched": f"by {', '.join(status['watchers'])}" if status["watchers"] else "",
        "frames": f"{status['sent']} sent, {status['fresh']} fresh",
        "up": f"{status['uptime_s']:.0f} s, pid {status['pid']}, version {status['version']}",
        "preview": status["preview_url"],
        "hint": status["hint"],
    }
    lines = [f"{name:8} {text}" for name, text in rows.items() if text]
    return "\n".join([*lines, *(f"{'warning':8} {text}" for text in status["warnings"])])


def _describe_model(status: Mapping[str, Any]) -> str:
    crispness = "" if status["crispness"] is None else f", crispness {status['crispness']:g}"
    denoise = "" if status["denoise"] is None else f", denoise {status['denoise']:g}"
    return f"{status['model']} on {status['provider']}, strength {status['strength']:g}{crispness}{denoise}"


def _describe_share(status: Mapping[str, Any]) -> str:
    """What the program takes of the processor; nothing in its first moments."""
    cores = status.get("cpu_cores")
    return "" if cores is None else f"{cores:.2f} of a core, {status['cpu']}"


def _describe_picture(status: Mapping[str, Any]) -> str:
    """What is done to it, by the settings' names; nothing where it is shown as it is."""
    return ", ".join([*(["frozen"] if status["is_frozen"] else []), *status["adjusted"]])


def _describe_link(status: Mapping[str, Any]) -> str:
    if status["link"] is None:
        return "off"
    gain = "" if status["gain_db"] is None else f", {status['gain_db']:+.1f} dB by restoration"
    return f"{status['link']}, {status['kbps']:.0f} kbps{gain}"


def _join(parts: Any) -> str:
    return ", ".join(parts) or "none"
