"""What an address on the command line or in the configuration means, normalised once."""

from urllib.parse import unquote, urlsplit

from vcam.errors import SourceError

SCHEMES = ("rtsp", "rtsps", "srt", "rtp", "udp", "http", "https")
LOCAL_HOSTS = ("", "localhost")


def check_address(spec: str) -> None:
    """Raise SourceError if a source is an address that can never be opened, whatever is at its other end."""
    if is_file_url(spec):
        path_of(spec)
    elif spec.strip().partition("://")[0].lower() in SCHEMES:
        normalise(spec)


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
