from pathlib import Path

import pytest

from vcam.v4l2.mains import mains_hz

TABLE = """# countries
DE\t+5230+01322\tEurope/Berlin\tmost of Germany
US\t+404251-0740023\tAmerica/New_York\tEastern (most areas)
JP\t+353916+1394441\tAsia/Tokyo
KR\t+3733+12658\tAsia/Seoul
"""


def machine_in(zone: str, folder: Path) -> tuple[Path, Path]:
    zones = folder / "zoneinfo"
    (zones / zone).parent.mkdir(parents=True, exist_ok=True)
    (zones / zone).write_bytes(b"TZif2")
    (zones / "zone.tab").write_text(TABLE)
    (folder / "localtime").symlink_to(zones / zone)
    return folder / "localtime", zones


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", 50),
        ("America/New_York", 60),
        ("Asia/Seoul", 60),
        ("Asia/Tokyo", None),  # has both
        ("Etc/UTC", None),
    ],
)
def test_the_time_zone_tells_the_mains(zone: str, expected: int | None, tmp_path: Path) -> None:
    assert mains_hz(*machine_in(zone, tmp_path)) == expected


def test_a_machine_without_a_time_zone_tells_nothing(tmp_path: Path) -> None:
    assert mains_hz(tmp_path / "localtime", tmp_path) is None
