"""Saves settings into the configuration file and leaves everything else in it as the user wrote it."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from vcam.config import FIXED, LARGEST_FILE, Config, list_changes, load_config, replace_settings
from vcam.errors import ConfigError
from vcam.paths import write_private
from vcam.regular import PATIENCE_S, read_small, stat_of, within


def save_settings(path: Path, config: Config, keys: Iterable[str]) -> None:
    """Write these values of `config` into its file; all else, comments too, stays as the user wrote it.

    Where the path is a link, the file that it leads to is written. Raises ConfigError if that cannot be done.
    """
    from vcam.config_document import edit  # loads tomlkit, which a camera that saves nothing does without

    target = Path(os.path.realpath(path))
    try:
        text = edit(_read(target), config, keys)
        if len(text.encode()) > LARGEST_FILE:
            raise ValueError(f"it would be larger than {LARGEST_FILE} bytes: delete some presets or controls")
        target.parent.mkdir(parents=True, exist_ok=True)
        write_private(target, text)  # private: the source may be an address with its password
    except OSError as error:
        raise ConfigError(
            f"cannot write {path}: {error.strerror}. Set XDG_CONFIG_HOME to a folder you may write to"
        ) from None
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, or not UTF-8 on either way
        raise ConfigError(f"cannot write {path}: {error}; fix or remove it") from None


def _read(path: Path) -> str:
    try:
        return read_small(path, LARGEST_FILE).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""


class SavedSettings:
    """The settings as their file has them now; read again only when it has changed.

    load   reads the file, and raises ConfigError if it cannot be used
    given  options of the start, which overrule the file until the setting is saved

    Any thread may call any method.
    """

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], Config] = load_config,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self._given = dict(given or {})
        self._load = load
        self._started: Config | None = None  # with what the camera began
        self._seen: tuple[int, ...] | None = None
        self._last: Config | ConfigError = Config()
        self._lock = threading.Lock()

    def load(self) -> Config:
        """Raises ConfigError."""
        config = replace_settings(self._load(self.path), self._given)
        self._started = self._started or config
        return config

    @property
    def started(self) -> Config | None:
        """With what the camera began; None before that."""
        return self._started

    def last(self) -> Config:
        """The same as `load`, without reading a file that is as it was. Raises ConfigError."""
        with self._lock:
            seen = self._look()
            if seen != self._seen:
                self._last, self._seen = self._try(), seen
            if isinstance(self._last, ConfigError):
                raise self._last
            return self._last

    def unsaved(self, config: Config) -> tuple[str, ...]:
        """Names of the settings that the file has otherwise. Raises ConfigError.

        What only a restart changes, and nobody has changed since the start, is not among them: there the file
        has the newer value.
        """
        started = self._started or config
        return tuple(
            key
            for key in list_changes(config, self.last())
            if key not in FIXED or getattr(config, key) != getattr(started, key)
        )

    def save(self, config: Config) -> None:
        """Write all that is unsaved. Raises ConfigError."""
        keys = self.unsaved(config)
        save_settings(self.path, config, keys)
        with self._lock:
            self._given = {key: value for key, value in self._given.items() if key not in keys}
            self._seen = None

    def save_preset(self, config: Config, name: str) -> None:
        """Write one preset of `config`, or take it out of the file. Raises ConfigError."""
        save_settings(self.path, config, [f"preset.{name}"])

    def _try(self) -> Config | ConfigError:
        try:
            return self.load()
        except ConfigError as error:
            return error

    def _look(self) -> tuple[int, ...]:
        try:
            found = within(PATIENCE_S, str(self.path), lambda: stat_of(self.path))
        except OSError as error:
            return (error.errno or 0,)
        return found.st_ino, found.st_size, found.st_mtime_ns
