"""All checks of one machine, group by group, each as the one before has left the machine."""

from collections.abc import Callable
from pathlib import Path

from guest import basics, browser, camera, diagnosis, measure, mishaps, presence, restarts, sleep, usb
from guest.report import Report, note

GROUPS: dict[str, Callable[[Report, str], None]] = {
    "before": diagnosis.check_before,
    "basics": basics.check,
    "presence": presence.check,
    "mishaps": mishaps.check,
    "restarts": restarts.check,
    "usb": usb.check,
    "browser": browser.check,
    "sleep": sleep.check,
    "measure": measure.check,
    "after": diagnosis.check_after,
}
ALWAYS = ("before", "basics")


def main() -> None:
    words = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text().split())
    version = words["sharpkd.loopback"]
    only = words.get("sharpkd.only", "")
    report = Report()
    for name, check in GROUPS.items():
        if not only or name in only.split(",") or name in ALWAYS:
            note(f"group {name}")
            check(report, version)
    if camera.LOG.exists():
        (Path("/shared") / f"daemon-{version}.log").write_bytes(camera.LOG.read_bytes())
    report.end()


if __name__ == "__main__":
    main()
