"""Which parts a changed Config asks for anew."""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace

from vcam.camera.parts import Chain, make_link, make_restorer
from vcam.config import FIXED, Config, replace_setting
from vcam.errors import ConfigError

MODEL_KEYS = frozenset({"model", "provider", "threads", "require_gpu", "weights"})


def with_settings(config: Config, settings: Mapping[str, object]) -> Config:
    """The configuration with settings as a client sends them: text, numbers, true or false."""
    for key, value in settings.items():
        config = replace_setting(config, key, str(value))
    return config


def changed_keys(old: Config, new: Config) -> set[str]:
    """The names of the settings that differ. Raises ConfigError if one needs a restart."""
    names = [field.name for field in fields(Config)]
    changed = {name for name in names if getattr(old, name) != getattr(new, name)}
    fixed = sorted(changed & FIXED)
    if fixed:
        verb = "is" if len(fixed) == 1 else "are"
        raise ConfigError(
            f"{', '.join(fixed)} {verb} fixed while the camera runs; "
            f"run: sharpkd set --save {fixed[0]} {_text(getattr(new, fixed[0]))} && sharpkd restart"
        )
    return changed


def rebuild(
    chain: Chain,
    config: Config,
    changed: Collection[str],
    broken: Collection[str],
    seed: int = 0,
) -> Chain:
    """The chain of a changed configuration: new parts beside those that stay as they are.

    changed  keys of Config
    broken   names of the stages that failed; each is tried again

    Raises LinkError or ModelError; `chain` is not touched.
    """
    wants_restorer = chain.restorer is not None or "restore" in broken
    if wants_restorer and (MODEL_KEYS.intersection(changed) or "restore" in broken):
        chain = replace(chain, restorer=make_restorer(config))
    if "link" in changed or "link" in broken:
        chain = replace(chain, link=make_link(config.link, seed))
    return chain


def _text(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
