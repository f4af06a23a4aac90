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
        "adjusted": [],
        "is_frozen": False,
        "gain_db": None,
        "watchers": [],
        "warnings": [],
        **changes,
    }


def test_each_warning_has_a_line_of_its_own_at_the_end() -> None:
    lines = describe(status(warnings=["C920 delivers 15 fps", "kept the old model: scrap"])).splitlines()
    assert lines[-2:] == ["warning  C920 delivers 15 fps", "warning  kept the old model: scrap"]


def test_where_all_is_well_nothing_is_warned_of() -> None:
    assert "warning" not in describe(status())


def test_a_picture_as_it_came_has_no_line() -> None:
    assert "picture" not in describe(status())


def test_what_is_done_to_the_picture_is_said() -> None:
    lines = describe(status(adjusted=["mirror", "zoom 2"], is_frozen=True)).splitlines()
    assert "picture  frozen, mirror, zoom 2" in lines


def test_programs_that_watch_are_named() -> None:
    assert "watched  by chromium, zoom" in describe(status(watchers=["chromium", "zoom"])).splitlines()


def test_the_gain_over_a_simulated_link_is_told() -> None:
    lines = describe(status(link="270p", kbps=301.4, gain_db=1.26)).splitlines()
    assert "link     270p, 301 kbps, +1.3 dB by restoration" in lines
