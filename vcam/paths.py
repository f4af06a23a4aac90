"""Where the program keeps what outlives a command: configuration, log, lock, socket and token."""

import os
import stat
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import platformdirs

from vcam.errors import VcamError

APP = "sharpkd"
PRIVATE = 0o700
GIVEN = "SHARPKD_SETTINGS"  # in the environment of a new daemon: JSON of the settings that its start named
NOWHERE = Path("/nonexistent")  # the home of whom Debian gives none


@dataclass(frozen=True)
class Paths:
    """Every file of one user's daemon."""

    config: Path
    log: Path
    runtime: Path  # a folder that only the user may enter

    @property
    def locks(self) -> tuple[Path, Path]:
        """The lock, and its guard: logind and cleaners remove the runtime folder below a running daemon.

        The guard's name is this machine's own, since several may share a home.
        """
        return self.runtime / "lock", self.log.with_name(f"lock.{os.uname().nodename}")

    @property
    def tray_lock(self) -> Path:
        return self.runtime / "tray.lock"

    @property
    def last_camera(self) -> Path:
        return self.log.with_name("last-camera")

    @property
    def phone(self) -> Path:
        """A private folder: the certificate that phones have accepted, and the key of the code they scan."""
        return self.log.with_name("phone")

    @property
    def screen_token(self) -> Path:
        """What has a Wayland desktop share the same screen again without a dialog: a secret."""
        return self.log.with_name("screen-token")

    @property
    def opinions(self) -> Path:
        """How the live picture was judged; see vcam.live_opinions."""
        return self.log.with_name("opinions.jsonl")

    @property
    def socket(self) -> Path:
        return self.runtime / "control.sock"

    @property
    def page_memory(self) -> Path:
        """The page's port and who may see it, for the next start; see vcam.page.memory."""
        return self.runtime / "page.json"

    @property
    def page(self) -> Path:
        """What a browser is called with; see `sharpkd open`."""
        return self.runtime / "open.html"


def user_paths() -> Paths:
    """The paths of this user, as XDG (or the platform) has them; nothing is created."""
    return Paths(
        config=home_folder(platformdirs.user_config_path) / APP / "config.toml",
        log=home_folder(platformdirs.user_state_path) / APP / "daemon.log",
        runtime=_runtime_path() / APP,
    )


def engine_cache() -> Path:
    """Where what a GPU's compiler took long to build is kept; it may be deleted at any time."""
    return home_folder(platformdirs.user_cache_path) / APP / "engines"


def verdict_cache() -> Path:
    """Where it is kept which engine is how fast here; it may be deleted at any time."""
    return home_folder(platformdirs.user_cache_path) / APP / "verdicts"


def videos_folder() -> Path:
    """Where this user's videos are: the desktop's folder for them, else ~/Videos, else the home itself."""
    home = home_folder(Path.home)
    for folder in (home_folder(platformdirs.user_videos_path), home / "Videos"):
        if folder.is_dir() and os.access(folder, os.W_OK):
            return folder
    return home


def home_folder(find: Callable[[], Path]) -> Path:
    """One of this user's folders, as a function of platformdirs finds it; NOWHERE if the user has no home.

    So it is in a container that runs as a number: nothing is read there, and nothing can be written.
    """
    try:
        folder = find()
    except RuntimeError:
        return NOWHERE
    return folder if folder.is_absolute() else NOWHERE  # older ones of platformdirs return "~/.config"


def _runtime_path() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(base):
        return Path(base)
    with warnings.catch_warnings():
        # platformdirs warns where it falls back to /tmp; whether that is safe is make_private's to check
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path()


def make_private(folder: Path) -> Path:
    """Create a folder that only this user may enter, and return it.

    Raises VcamError if it cannot be made, if others may enter it, or if it or the folder above it belongs
    to another user, who could put one of his own in its place.
    """
    try:
        folder.parent.mkdir(PRIVATE, parents=True, exist_ok=True)
        folder.mkdir(PRIVATE, exist_ok=True)
        found, above = folder.lstat(), folder.parent.stat()
    except OSError as error:
        raise VcamError(f"cannot make {folder}: {error.strerror}. Set XDG_RUNTIME_DIR to a folder") from None
    user, mode = os.getuid(), stat.S_IMODE(found.st_mode)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or above.st_uid not in (user, 0):
        raise VcamError(
            f"{folder} is not a folder of user {user}: found {found.st_uid}, in one of {above.st_uid}. "
            "Remove it, or set XDG_RUNTIME_DIR to a folder of your own"
        )
    if mode & 0o077:
        raise VcamError(f"{folder} is open to others: mode {mode:o}, expected 700. Run: chmod 700 {folder}")
    return folder


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read, whole or not at all. Raises OSError, UnicodeEncodeError."""
    content = text.encode()
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def check_log(path: Path) -> None:
    """Make the log file, if it is not there. Raises VcamError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        append_private(path).close()
    except OSError as error:
        raise VcamError(
            f"cannot write the log {path}: {error.strerror}. Set XDG_STATE_HOME to a folder you may write to"
        ) from None


def append_private(path: Path) -> BinaryIO:
    """Open a file to append to, which only this user may read, whoever could read it before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
    os.chmod(path, 0o600)
    return os.fdopen(descriptor, "ab")


def hide_from_others(path: Path) -> None:
    """Let only this user read a file, if there is one and it is the user's own."""
    with suppress(OSError):
        path.chmod(0o600)
