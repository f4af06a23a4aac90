"""Who else is there: OBS and its virtual camera, and the camera that runs in the background."""

from vcam.doctor.case import Case
from vcam.doctor.finding import Finding, ok, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import ADDS_DEVICES, read_version
from vcam.v4l2loopback.cameras import free_number, list_loopbacks, wanted_cameras
from vcam.v4l2loopback.module import CARD, reload_command

OBS = ("/usr/bin/obs", "/usr/local/bin/obs", "/snap/obs-studio", "/var/lib/flatpak/app/com.obsproject.Studio")
OBS_CARD, OBS_NUMBER = "OBS Virtual Camera", 10  # below ours: OBS takes the first
TROUBLED = ("waiting", "pass-through", "running without")  # states that name a cause


def check_obs(machine: Machine) -> list[Finding]:
    """OBS writes its own virtual camera to the first v4l2loopback that it finds."""
    loopbacks = list_loopbacks(machine.video)
    if CARD not in loopbacks.values() or not machine.find(*OBS):
        return []
    node, name = next(iter(loopbacks.items()))
    if name != CARD:
        return [ok("obs", f'OBS takes the first v4l2loopback for its own virtual camera, {node} "{name}"')]
    message = f"OBS takes the first v4l2loopback for its own virtual camera, and that is ours, {node}"
    return [warning("obs", message, _give_one(machine))]


def _give_one(machine: Machine) -> str:
    """The command that gives OBS a camera of its own, and leaves the others as they are."""
    number = free_number(machine.video, OBS_NUMBER)
    if read_version(machine) >= ADDS_DEVICES and machine.which("v4l2loopback-ctl"):
        return f'sudo v4l2loopback-ctl add -n "{OBS_CARD}" -x 1 /dev/video{number}'
    return reload_command({**wanted_cameras(machine.video), number: OBS_CARD})


def check_daemon(case: Case) -> list[Finding]:
    """For information, and what the camera itself complains of."""
    if case.pid is None:
        return [ok("daemon", "the camera does not run in the background")]
    state = case.status.get("state")
    if state is None:
        message = f"the camera runs (pid {case.pid}), but does not answer"
        return [warning("daemon", message, "sharpkd restart")]
    say = warning if state.startswith(TROUBLED) else ok
    complaints = [warning("daemon", text) for text in case.status.get("warnings", ())]
    return [say("daemon", f"the camera runs (pid {case.pid}): {state}"), *complaints]
