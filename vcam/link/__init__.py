"""A simulated call link: a real encoder and decoder at a real bitrate, with loss and rate changes."""

from vcam.link.link import Link, LinkStats
from vcam.link.profile import (
    CODEC_NAMES,
    PROFILES,
    LinkProfile,
    check_profile,
    fit_size,
    load_trace,
    parse_profile,
    rate_at,
)

__all__ = [
    "CODEC_NAMES",
    "PROFILES",
    "Link",
    "LinkProfile",
    "LinkStats",
    "check_profile",
    "fit_size",
    "load_trace",
    "parse_profile",
    "rate_at",
]
