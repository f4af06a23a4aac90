"""The webcam's controls are as the user wants them at each opening, and who watches is named."""

from collections.abc import Iterator
from contextlib import contextmanager

from guest import camera, webcam
from guest.host import succeed, until
from guest.readers import watching
from guest.report import Report, note

CONTROL = "saturation"  # vivid's: 0..255
KEY = f"camera.{webcam.NAME}.{CONTROL}"


def check(report: Report, version: str) -> None:
    with report.check("devices lists the webcam's controls with ranges and menus"):
        listed = succeed("sharpkd", "devices")
        lines = [line.strip() for line in listed.splitlines()]
        assert any(line.startswith(f"{CONTROL}  0..255  (default ") for line in lines), listed
        assert any(line.startswith('test_pattern  "75% Colorbar", ') for line in lines), listed
    before = value()
    camera.start()
    with report.check("a control is set on the open webcam at once"), watched():
        wish("77")
        until("the control's value", lambda: value() == 77)
    with report.check("it is set again at the next opening, whatever has changed it"):
        camera.until_state("idle", 30)
        succeed("v4l2-ctl", "-d", str(webcam.node()), "-c", f"{CONTROL}=200")
        with watched():
            until("the control's value", lambda: value() == 77)
    with report.check("what the webcam does not have, or cannot be, is a warning, and it runs on"), watched():
        wish("9999")
        until("the warning", lambda: f"{CONTROL} = '9999' cannot be set: expected 0..255" in warnings())
        note(warnings())
        assert camera.state() == "running"
        wish("default")
        until("the warning to end", lambda: CONTROL not in warnings())
    with report.check("the program that watches is named"), watched():
        until("its name", lambda: "v4l2-ctl" in camera.status()["watchers"], 30)
    camera.until_state("idle", 30)
    # the groups after this one know its colours
    succeed("v4l2-ctl", "-d", str(webcam.node()), "-c", f"{CONTROL}={before}")


@contextmanager
def watched() -> Iterator[None]:
    """Somebody watches, and sees a picture."""
    with watching("v4l2-ctl", camera.the_node()) as reader:
        reader.next()
        camera.until_state("running")
        yield


def wish(text: str) -> None:
    succeed("sharpkd", "set", KEY, text)


def value() -> int:
    said = succeed("v4l2-ctl", "-d", str(webcam.node()), "-C", CONTROL)  # "saturation: 77"
    return int(said.rpartition(":")[2])


def warnings() -> str:
    return " / ".join(camera.status().get("warnings", []))
