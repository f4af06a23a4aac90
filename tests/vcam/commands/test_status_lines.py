from typing import Any

from vcam.commands.status import describe


def status(**changes: Any) -> dict[str, Any]:
    return {
        "state": "running",
        "provider": "CPUExecutionProvider",
        "model": "fast (int8)",
        "source": "pattern",
        "sink": "null",
        "size": [1280, 720],
        "strength": 1.0,
        "crispness": None,
        "denoise": None,
        "link": None,
        "fps": 30.0,
        "sent": 90,
        "fresh": 88,
        "age_ms": {"p50": 40, "p95": 50},
        "stage_ms": {},
        "drops": {"busy": 0},
        "kbps": None,
        "audio_delay_ms": 40,
        "uptime_s": 3.0,
        "pid": 1,
        "version": "0",
        "preview_url": "",
        "hint": "",
        "warnings": [],
        **changes,
    }


def test_each_warning_has_a_line_of_its_own_at_the_end() -> None:
    lines = describe(status(warnings=["C920 delivers 15 fps", "kept the old model: scrap"])).splitlines()
    assert lines[-2:] == ["warning  C920 delivers 15 fps", "warning  kept the old model: scrap"]


def test_where_all_is_well_nothing_is_warned_of() -> None:
    assert "warning" not in describe(status())
