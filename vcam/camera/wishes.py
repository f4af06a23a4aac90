"""From a Config to what is done to the published picture, and to the card of a closed camera."""

from pathlib import Path

from vcam.adjust import View, Wishes, draw_card, read_picture
from vcam.config import Config
from vcam.frame import Frame

ADJUST_KEYS = (
    *("mirror", "flip", "rotate", "zoom", "pan_x", "pan_y", "light", "overlay", "wipe"),
    *("card_title", "card_text", "card_picture"),
)
CARD_KEYS = frozenset({"card_title", "card_text", "card_picture"})


def wishes_of(config: Config) -> Wishes:
    """What `Adjust` is to do."""
    parts = () if config.overlay == "off" else config.overlay.split(",")
    return Wishes(
        View(config.mirror, config.flip, config.rotate, config.zoom, config.pan_x, config.pan_y),
        config.light,
        frozenset(part.strip() for part in parts),
        config.wipe,
    )


def describe_wishes(config: Config) -> tuple[str, ...]:
    """What is done to the picture, in words; nothing where it is shown as it is."""
    defaults = Config()
    wanted = {key: getattr(config, key) for key in ADJUST_KEYS if key not in CARD_KEYS}
    words = (
        key if value is True else f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in wanted.items()
        if value != getattr(defaults, key)
    )
    return (*words, *(["a card of your own"] if has_own_card(config) else []))


def has_own_card(config: Config) -> bool:
    return any(getattr(config, key) for key in CARD_KEYS)


def picture_of(config: Config) -> Frame | None:
    """The user's own picture for the card. Raises ConfigError if it cannot be used."""
    return read_picture(Path(config.card_picture).expanduser()) if config.card_picture else None


def draw_closed(config: Config, picture: Frame | None, title: str, detail: str) -> Frame:
    """The card of a camera that is off: the user's own words where there are some, else these."""
    is_own = bool(config.card_title or config.card_text or picture is not None)
    words = (config.card_title, config.card_text) if is_own else (title, detail)
    return draw_card(config.size, *words, picture)
