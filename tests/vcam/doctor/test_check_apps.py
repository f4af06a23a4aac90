from made_machine import MadeMachine

from vcam.doctor.case import OK, PROBLEM, WARNING, Finding
from vcam.doctor.programs import check_apps

HEADER = "Interface  Plug               Slot     Notes\n"


def test_what_is_not_installed_is_not_asked(made: MadeMachine) -> None:
    made.put("/home/ann/.var/app/org.mozilla.firefox/data")  # left behind by one that was removed
    assert check_apps(made.machine) == []
    assert made.asked == []


def test_a_snap_without_its_camera_connected_is_connected(made: MadeMachine) -> None:
    made.put("/snap/chromium/current/x")
    made.answers["snap connections chromium"] = f"{HEADER}camera  chromium:camera  -  -\n"
    (finding,) = check_apps(made.machine)
    assert (finding.level, finding.fix) == (PROBLEM, "sudo snap connect chromium:camera")


def test_a_connected_snap_is_fine(made: MadeMachine) -> None:
    made.put("/var/lib/snapd/snap/firefox/current/x")
    made.answers["snap connections firefox"] = f"{HEADER}camera  firefox:camera  :camera  manual\n"
    assert check_apps(made.machine) == [Finding("app", OK, "the snap firefox may use cameras")]


def test_a_snap_that_cannot_be_asked_is_a_warning(made: MadeMachine) -> None:
    made.put("/snap/firefox/current/x")
    (finding,) = check_apps(made.machine)
    assert (finding.level, "could not be checked" in finding.message) == (WARNING, True)


def test_a_snap_that_asks_for_no_camera_is_a_warning(made: MadeMachine) -> None:
    made.put("/snap/zoom-client/current/x")
    made.answers["snap connections zoom-client"] = f"{HEADER}network  zoom-client:network  :network  -\n"
    (finding,) = check_apps(made.machine)
    assert (finding.level, "asks for no camera" in finding.message) == (WARNING, True)


def test_a_flatpak_without_devices_is_given_them(made: MadeMachine) -> None:
    made.put("/var/lib/flatpak/app/org.mozilla.firefox/x")
    made.answers["flatpak info --show-permissions org.mozilla.firefox"] = "[Context]\ndevices=dri;\n"
    (finding,) = check_apps(made.machine)
    assert (finding.level, finding.fix) == (
        PROBLEM,
        "flatpak override --user --device=all org.mozilla.firefox",
    )


def test_a_flatpak_of_the_user_with_all_devices_is_fine(made: MadeMachine) -> None:
    made.put("/home/ann/.local/share/flatpak/app/us.zoom.Zoom/x")
    made.answers["flatpak info --show-permissions us.zoom.Zoom"] = "[Context]\nshared=ipc;\ndevices=all;\n"
    assert [finding.level for finding in check_apps(made.machine)] == [OK]


def test_a_flatpak_that_cannot_be_asked_is_a_warning(made: MadeMachine) -> None:
    made.put("/var/lib/flatpak/app/org.mozilla.firefox/x")
    assert [finding.level for finding in check_apps(made.machine)] == [WARNING]
