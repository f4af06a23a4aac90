"""What `sharpkd bench --device` measures through the real device."""

import json

from guest import camera
from guest.host import succeed
from guest.pixels import SIZE
from guest.report import Report, note

TOLERANCE = 2


def check(report: Report, version: str) -> None:
    with report.check("bench --device reads clock and colours back, within 2 code values"):
        camera.stop()
        camera.use_model("unchanged")
        size = f"{SIZE[0]}x{SIZE[1]}"
        printed = succeed(
            *("sharpkd", "bench", "--device", "--size", size, "--fps", "5", "--seconds", "4", "--json"),
            limit_s=180,
        )
        measured = json.loads(printed.strip().splitlines()[-1])
        note(json.dumps(measured))
        assert measured["read"] > 0
        assert measured["unreadable"] == 0
        assert measured["deviation"] <= TOLERANCE
        camera.use_model("brighter")
