"""The frequency of the mains where this machine is, by its time zone."""

import os
from pathlib import Path

LOCALTIME = Path("/etc/localtime")
ZONES = Path("/usr/share/zoneinfo")
LARGEST = 65_536  # bytes of the table of zones: it has 20,000
# the countries with 60 Hz, after IEC's "World Plugs" (iec.ch/world-plugs); all others have 50
NAMED = """
AG AI AS AW BM BR BS BZ CA CO CR CU DO EC FM GT GU GY HN HT KN KR KY LR MF MH MP MS MX NI PA PE PH PR PW SA
SR SV SX TC TT TW US VE VG VI
"""
SIXTY_HZ = frozenset(NAMED.split())
BOTH = frozenset({"JP", "KP"})  # in one time zone


def mains_hz(localtime: Path = LOCALTIME, zones: Path = ZONES) -> int | None:
    """50 or 60; None where the time zone tells no country, as UTC, or one that has both.

    localtime  the link to the time zone's file
    zones      the folder of those, with their table by country, zone.tab
    """
    country = _find_country(os.path.relpath(os.path.realpath(localtime), os.path.realpath(zones)), zones)
    if not country or country in BOTH:
        return None
    return 60 if country in SIXTY_HZ else 50


def _find_country(zone: str, zones: Path) -> str:
    try:
        with (zones / "zone.tab").open(encoding="utf-8", errors="replace") as table:
            lines = table.read(LARGEST).splitlines()
    except OSError:
        return ""
    fields = (line.split("\t") for line in lines if not line.startswith("#"))
    return next((row[0] for row in fields if len(row) > 2 and row[2] == zone), "")
