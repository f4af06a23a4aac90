"""Whether programs list the camera and may use it, and what other programs there are.

Chromium, and with it Chrome, Edge, Meet and Teams on the web, takes a node that is CAPTURE and not OUTPUT,
with a fourcc that it knows and a discrete size. Firefox tries fixed sizes and takes those that come back
unchanged. Both rules come from their sources, and the node is asked as they ask it.
"""

from pathlib import Path

from vcam.doctor.case import SET_SINK, Case, Finding, find_output, ok, problem, reload, warning
from vcam.doctor.machine import Machine
from vcam.doctor.module import read_version
from vcam.frame import Size
from vcam.v4l2.device import Card, query
from vcam.v4l2.modes import Mode, list_formats, list_modes, takes_size
from vcam.v4l2loopback.cameras import free_number, list_loopbacks, wanted_cameras
from vcam.v4l2loopback.module import ADDS_DEVICES, CARD, reload_command

LISTING = "listing"
CHROMIUM_FOURCCS = frozenset(("YU12", "NV12", "Y16", "Z16", "INVZ", "YUYV", "UYVY", "RGB3", "MJPG", "JPEG"))
FIREFOX_SIZES: tuple[Size, ...] = (
    *((128, 96), (160, 120), (176, 144), (320, 240), (352, 288), (640, 480), (704, 576), (800, 600)),
    *((960, 720), (1280, 720), (1024, 768), (1440, 1080), (1920, 1080)),
)
RESIZE = "sharpkd set size 1280x720 --save && sharpkd restart"


def check_listing(case: Case, machine: Machine) -> list[Finding]:
    """Nothing where there is no node, or where it may not be opened: other checks say that."""
    node = find_output(case, machine)
    if node is None or machine.try_open(node) is not None:
        return []
    card, modes, sizes = look_at(machine, node)
    if card.is_output and not card.is_capture:
        return [_explain_idle(case, node)]
    if not card.is_capture:
        return []
    return [
        judge_for_chromium(node, card, modes, reload(case, machine)),
        judge_for_firefox(node, modes, sizes),
    ]


def look_at(machine: Machine, node: Path) -> tuple[Card, list[Mode], list[Size]]:
    """What a node says of itself, its modes, and those of Firefox's sizes that it gives. Raises OSError."""
    kernel = machine.kernel
    descriptor = kernel.open(str(node))
    try:
        card = query(kernel, descriptor)
        fourccs = list_formats(kernel, descriptor)
        sizes = [
            size
            for size in FIREFOX_SIZES
            if any(takes_size(kernel, descriptor, fourcc, size) for fourcc in fourccs)
        ]
        return card, list_modes(kernel, descriptor), sizes
    finally:
        kernel.close(descriptor)


def judge_for_chromium(node: Path, card: Card, modes: list[Mode], fix: str) -> Finding:
    """Chrome, Chromium, Edge, Brave and what is made of them; `fix` is the command for exclusive_caps."""
    if card.is_output:
        message = f"Chrome and Edge do not list {node}: it is OUTPUT as well as CAPTURE"
        return problem(LISTING, message, fix)
    known = [mode for mode in modes if mode.fourcc in CHROMIUM_FOURCCS]
    if not known:
        found = ", ".join(sorted({mode.fourcc for mode in modes})) or "none"
        message = f"Chrome and Edge do not list {node}: its pictures are {found}, expected YU12 or YUYV"
        return problem(LISTING, message, "sharpkd restart")
    discrete = [mode for mode in known if mode.is_discrete]
    if not discrete:
        message = f"Chrome and Edge do not list {node}: it gives a range of sizes, no single one"
        return problem(LISTING, message, "sharpkd restart")
    return ok(LISTING, f"Chrome and Edge list {node}: {discrete[0]}")


def judge_for_firefox(node: Path, modes: list[Mode], sizes: list[Size]) -> Finding:
    if sizes:
        return ok(LISTING, f"Firefox lists {node}: {sizes[-1][0]}x{sizes[-1][1]}")
    found = ", ".join(str(mode) for mode in modes) or "nothing"
    message = f"Firefox finds no picture in {node}: it gives {found}, expected 640x480, 1280x720 or 1920x1080"
    return warning(LISTING, message, RESIZE)


def _explain_idle(case: Case, node: Path) -> Finding:
    if case.is_released:
        return warning(
            LISTING, f"the camera has given {node} back: programs do not list it", "sharpkd resume"
        )
    if case.is_publishing:
        message = f"the camera runs, but nothing arrives in {node}: programs do not list it"
        return problem(LISTING, message, "sharpkd restart")
    if case.pid is not None:
        message = (
            f"the camera runs, but publishes to {case.status.get('sink', 'another place')}, not to {node}"
        )
        return warning(LISTING, message, SET_SINK)
    return warning(LISTING, f"programs list {node} once the camera runs", "sharpkd start")


APP = "app"
SNAPS = (
    *("firefox", "chromium", "brave", "opera", "microsoft-edge", "zoom-client", "discord"),
    *("teams-for-linux", "slack", "signal-desktop", "telegram-desktop", "obs-studio"),
)
FLATPAKS = (
    *("org.mozilla.firefox", "org.chromium.Chromium", "com.google.Chrome", "com.brave.Browser"),
    *("com.microsoft.Edge", "us.zoom.Zoom", "com.discordapp.Discord", "com.slack.Slack"),
    *("com.github.IsmaelMartinez.teams_for_linux", "com.obsproject.Studio"),
)


def check_apps(machine: Machine) -> list[Finding]:
    """Only of those that are installed."""
    snaps = [name for name in SNAPS if machine.find(f"/snap/{name}", f"/var/lib/snapd/snap/{name}")]
    flatpaks = [name for name in FLATPAKS if _has_flatpak(machine, name)]
    return [
        *(judge_snap(machine, name) for name in snaps),
        *(judge_flatpak(machine, name) for name in flatpaks),
    ]


def judge_snap(machine: Machine, name: str) -> Finding:
    """`snap connections` has a row for each plug: interface, plug, slot or "-", notes."""
    answer = machine.run("snap", "connections", name)
    rows = [line.split() for line in (answer or "").splitlines()]
    cameras = [row for row in rows if len(row) >= 3 and row[0] == "camera"]
    if answer is None or not rows:
        return warning(APP, f"the snap {name} could not be checked: `snap connections {name}` says nothing")
    if not cameras:
        return warning(APP, f"the snap {name} asks for no camera at all")
    _, plug, slot, *_ = cameras[0]
    if slot == "-":
        message = f"the snap {name} may not use cameras: its camera interface is not connected"
        return problem(APP, message, f"sudo snap connect {plug}")
    return ok(APP, f"the snap {name} may use cameras")


def judge_flatpak(machine: Machine, name: str) -> Finding:
    answer = machine.run("flatpak", "info", "--show-permissions", name)
    if answer is None or "[Context]" not in answer:
        return warning(APP, f"the flatpak {name} could not be checked: `flatpak info` says nothing")
    devices = [
        line.partition("=")[2].split(";") for line in answer.splitlines() if line.startswith("devices=")
    ]
    if any("all" in words for words in devices):
        return ok(APP, f"the flatpak {name} may use cameras")
    message = f"the flatpak {name} may not open video devices: devices=all is missing"
    return problem(APP, message, f"flatpak override --user --device=all {name}")


def _has_flatpak(machine: Machine, name: str) -> bool:
    home = machine.home.relative_to(machine.root)
    return bool(machine.find(f"/var/lib/flatpak/app/{name}", f"/{home}/.local/share/flatpak/app/{name}"))


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
