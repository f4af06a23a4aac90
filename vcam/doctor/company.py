"""Who else is there: OBS and its virtual camera, and the camera that runs in the background."""

from vcam.doctor.case import Case
from vcam.doctor.finding import Finding, ok, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import ADDS_DEVICES, read_version
from vcam.sinks.nodes import CARD, list_loopbacks

OBS = ("/usr/bin/obs", "/usr/local/bin/obs", "/snap/obs-studio", "/var/lib/flatpak/app/com.obsproject.Studio")
ADD = 'sudo v4l2loopback-ctl add -n "OBS Virtual Camera" -x 1 /dev/video10'
TROUBLED = ("waiting", "pass-through", "running without")  # states that name a cause
RELOAD_BOTH = (
    "sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback devices=2 video_nr=10,42"
    f' card_label="OBS Virtual Camera,{CARD}" exclusive_caps=1,1 max_buffers=4'
)


def check_obs(machine: Machine) -> list[Finding]:
    """OBS writes its own virtual camera to the first v4l2loopback that it finds."""
    loopbacks = list_loopbacks(machine.video)
    if CARD not in loopbacks.values() or not machine.find(*OBS):
        return []
    node, name = next(iter(loopbacks.items()))
    if name != CARD:
        return [ok("obs", f'OBS takes the first v4l2loopback for its own virtual camera, {node} "{name}"')]
    message = f"OBS takes the first v4l2loopback for its own virtual camera, and that is ours, {node}"
    can_add = read_version(machine) >= ADDS_DEVICES and machine.which("v4l2loopback-ctl")
    return [warning("obs", message, ADD if can_add else RELOAD_BOTH)]


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
