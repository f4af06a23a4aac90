"""The settings of an examination, which goes on without them."""

import shlex
from pathlib import Path

from vcam.config import Config, load_config
from vcam.doctor.case import Finding, problem
from vcam.errors import ConfigError


def read_settings(path: Path) -> tuple[Config, list[Finding]]:
    """The settings; the defaults and a finding if their file is broken."""
    try:
        return load_config(path), []
    except ConfigError as error:
        fix = shlex.join(["mv", str(path), f"{path}.broken"])
        return Config(), [problem("settings", str(error), fix)]
