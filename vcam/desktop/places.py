"""Where a Linux desktop looks for what `sharpkd install` writes."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from vcam.paths import home_folder
from vcam.tray.icons import icon_name
from vcam.tray.state import Kind

SERVICE = "sharpkd.service"
ENTRY = "sharpkd.desktop"
ICON = "sharpkd"
TRAY_ENTRY = "sharpkd-tray.desktop"


@dataclass(frozen=True)
class Places:
    """The files of one user's installation, in the folders of the XDG base directories."""

    config: Path
    data: Path

    @property
    def unit(self) -> Path:
        return self.config / "systemd/user" / SERVICE

    @property
    def enabled(self) -> Path:
        """The link that `systemctl enable` makes."""
        return self.config / "systemd/user/default.target.wants" / SERVICE

    @property
    def autostart(self) -> Path:
        return self.config / "autostart" / ENTRY

    @property
    def entry(self) -> Path:
        return self.data / "applications" / ENTRY

    @property
    def icon(self) -> Path:
        return self.data / "icons/hicolor/scalable/apps" / f"{ICON}.svg"

    @property
    def completion(self) -> Path:
        """Where bash looks for what completes the words of `sharpkd`."""
        return self.data / "bash-completion/completions/sharpkd"

    @property
    def manual(self) -> Path:
        return self.data / "man/man1/sharpkd.1"

    @property
    def for_shells(self) -> tuple[Path, ...]:
        """What it has written for the terminal."""
        return self.completion, self.manual

    @property
    def tray_autostart(self) -> Path:
        return self.config / "autostart" / TRAY_ENTRY

    def symbolic(self, name: str) -> Path:
        """An icon that the desktop draws in its own colour."""
        return self.data / "icons/hicolor/symbolic/apps" / f"{name}.svg"

    @property
    def files(self) -> tuple[Path, ...]:
        """What an installation may have written for the session."""
        tray = (self.tray_autostart, *(self.symbolic(icon_name(kind)) for kind in Kind))
        return self.unit, self.autostart, self.entry, self.icon, *tray


def user_places() -> Places:
    """The places of this user; nothing is created."""
    return Places(home_folder(platformdirs.user_config_path), home_folder(platformdirs.user_data_path))
