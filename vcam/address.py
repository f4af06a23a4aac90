"""What an address on the command line or in the configuration means, normalised once."""

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from vcam.errors import SourceError

SCHEMES = ("rtsp", "rtsps", "srt", "rtp", "udp", "http", "https")
LOCAL_HOSTS = ("", "localhost")
WHIP = "whip"
WHIP_FORM = "whip://ADDRESS:PORT/NAME, for example whip://127.0.0.1:8443/phone; 0.0.0.0 is every network"
WHIP_PATH = re.compile(r"/([A-Za-z0-9_-]{1,40})/?")


# at which no browser opens a page: the Fetch standard's list, https://fetch.spec.whatwg.org/#port-blocking
BLOCKED_PORTS = frozenset(
    (
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179),
        *(389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587),
        *(601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061),
        *(6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    )
)


@dataclass(frozen=True)
class WhipAddress:
    """Where a sender by WebRTC is awaited.

    host  of this machine: 127.0.0.1 for its own programs alone, 0.0.0.0 for every network that it is in
    port  of HTTPS
    name  the path of the endpoint
    """

    host: str
    port: int
    name: str

    def __str__(self) -> str:
        return f"{WHIP}://{self.host}:{self.port}/{self.name}"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can send."""
        return ipaddress.ip_address(self.host).is_loopback


def check_address(spec: str) -> None:
    """Raise SourceError if a source is an address that can never be opened, whatever is at its other end."""
    if is_file_url(spec):
        path_of(spec)
    elif is_whip(spec):
        parse_whip(spec)
    elif spec.strip().partition("://")[0].lower() in SCHEMES:
        normalise(spec)


def is_whip(spec: str) -> bool:
    return spec.strip().partition("://")[0].lower() == WHIP and "://" in spec


def parse_whip(spec: str) -> WhipAddress:
    """Read whip://ADDRESS:PORT/NAME. Raises SourceError for anything else; it repeats nothing of it."""
    try:
        parts = urlsplit(spec.strip())
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        ipaddress.IPv4Address(host)
        port, path = parts.port or 0, WHIP_PATH.fullmatch(parts.path)
    except ValueError:
        raise SourceError(f"the whip address of the source is not valid; expected {WHIP_FORM}") from None
    if not (path and port) or parts.username is not None or parts.query or parts.fragment:
        raise SourceError(f"the whip address of the source is not complete; expected {WHIP_FORM}")
    if port in BLOCKED_PORTS:
        raise SourceError(f"no browser opens port {port}, and a phone's page is one; use another, as 8443")
    return WhipAddress(host, port, path[1])


def is_file_url(spec: str) -> bool:
    return spec[:5].lower() == "file:"


def path_of(url: str) -> str:
    """The path that a file URL names: file:///a%20b, file://localhost/a%20b and file:/a%20b are "/a b".

    Raises SourceError for a file of another machine.
    """
    path = url[5:]
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        if host.lower() not in LOCAL_HOSTS:
            raise SourceError("the source is a file: address of another machine; write the path alone")
        path = slash + rest
    return unquote(path, errors="surrogateescape")  # as Python spells the names that are not UTF-8


def file_url(path: str) -> str:
    """The file URL of an absolute path, all ASCII: what `path_of` takes back."""
    return f"file://{quote(os.fsencode(path))}"


def is_utf8(text: str) -> bool:
    """Whether a text can be sent and saved: a file's name that is not UTF-8 has lone surrogates here."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def normalise(url: str) -> str:
    """The URL of a live stream as FFmpeg understands it: its scheme in lower case.

    Raises SourceError if it cannot be taken apart. Says nothing of what is in it, which may be a password.
    """
    scheme, _, rest = url.strip().partition("://")
    normal = f"{scheme.lower()}://{rest}"
    try:
        urlsplit(normal).port  # noqa: B018  # what is read is checked: "admin:p/w@cam" has the port "p"
    except ValueError:
        raise SourceError(
            f"the {scheme.lower()} address of the source is not a valid URL; in user and password write"
            " [ as %5B, ] as %5D, / as %2F, ? as %3F, # as %23, @ as %40"
        ) from None
    return normal
