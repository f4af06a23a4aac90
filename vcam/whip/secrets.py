"""What stays of a phone's access: the token in its code, beside the certificate that it has accepted."""

import secrets
from pathlib import Path

from vcam.paths import make_private, write_private

BYTES = 16  # of a token
LONGEST = 200


def read_token(folder: Path) -> str:
    """The token of this folder, made where there is none. Raises VcamError, OSError."""
    path = make_private(folder) / "token"
    try:
        token = path.read_text(encoding="ascii").strip()[:LONGEST]
    except (FileNotFoundError, UnicodeDecodeError):
        token = ""
    if not token:
        token = secrets.token_urlsafe(BYTES)
        write_private(path, token)
    return token


def forget_token(folder: Path) -> None:
    """Whoever had the code before needs the next one from now on."""
    (folder / "token").unlink(missing_ok=True)
