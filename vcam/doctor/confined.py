"""Browsers and calling programs that a snap or a flatpak keeps from cameras."""

from vcam.doctor.finding import Finding, ok, problem, warning
from vcam.doctor.machine import Machine

CHECK = "app"
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
        return warning(CHECK, f"the snap {name} could not be checked: `snap connections {name}` says nothing")
    if not cameras:
        return warning(CHECK, f"the snap {name} asks for no camera at all")
    _, plug, slot, *_ = cameras[0]
    if slot == "-":
        message = f"the snap {name} may not use cameras: its camera interface is not connected"
        return problem(CHECK, message, f"sudo snap connect {plug}")
    return ok(CHECK, f"the snap {name} may use cameras")


def judge_flatpak(machine: Machine, name: str) -> Finding:
    answer = machine.run("flatpak", "info", "--show-permissions", name)
    if answer is None or "[Context]" not in answer:
        return warning(CHECK, f"the flatpak {name} could not be checked: `flatpak info` says nothing")
    devices = [
        line.partition("=")[2].split(";") for line in answer.splitlines() if line.startswith("devices=")
    ]
    if any("all" in words for words in devices):
        return ok(CHECK, f"the flatpak {name} may use cameras")
    message = f"the flatpak {name} may not open video devices: devices=all is missing"
    return problem(CHECK, message, f"flatpak override --user --device=all {name}")


def _has_flatpak(machine: Machine, name: str) -> bool:
    home = machine.home.relative_to(machine.root)
    return bool(machine.find(f"/var/lib/flatpak/app/{name}", f"/{home}/.local/share/flatpak/app/{name}"))
