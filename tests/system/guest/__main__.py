"""All checks of one machine, group by group, each as the one before has left the machine."""

from collections.abc import Callable
from pathlib import Path

from guest import (
    basics,
    browser,
    camera,
    controls,
    diagnosis,
    measure,
    mishaps,
    phone,
    presence,
    restarts,
    sleep,
    usb,
)
from guest.report import OUT, Report, note

GROUPS: dict[str, Callable[[Report, str], None]] = {
    "before": diagnosis.check_before,
    "basics": basics.check,
    "presence": presence.check,
    "controls": controls.check,
    "mishaps": mishaps.check,
    "restarts": restarts.check,
    "phone": phone.check,
    "usb": usb.check,
    "browser": browser.check,
    "sleep": sleep.check,
    "measure": measure.check,
    "after": diagnosis.check_after,
}
ALWAYS = ("before", "basics")
# what does not depend on v4l2loopback is tried with one of them: both machines have as much to do
ONCE = {"controls": "0.15.0", "usb": "0.15.0", "sleep": "0.12.7", "measure": "0.12.7"}


def chosen(version: str, only: str) -> set[str]:
    """The groups to run: those that were named, or all that are for this v4l2loopback."""
    if only:
        return {*only.split(","), *ALWAYS}
    return {name for name in GROUPS if ONCE.get(name, version) == version}


def main() -> None:
    words = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text().split())
    version = words["sharpkd.loopback"]
    wanted = chosen(version, words.get("sharpkd.only", ""))
    report = Report()
    try:
        for name, check in GROUPS.items():
            if name in wanted:
                note(f"group {name}")
                check(report, version)
    finally:
        if camera.LOG.exists():
            (OUT / f"daemon-{version}.log").write_bytes(camera.LOG.read_bytes())
    report.end()


if __name__ == "__main__":
    main()
