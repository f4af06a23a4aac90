"""A certificate of our own making: a browser warns of it once, then knows it as long as it is the same."""

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vcam.paths import make_private, write_private

VALID = timedelta(days=825)  # the longest that Apple's systems take
LEFT = timedelta(days=30)  # with less than this left it is made again
TITLE = "SharpKD Camera on this computer"
LONGEST_HOST = 63  # of a name in a certificate


def keep_certificate(folder: Path, addresses: Iterable[str] = (), now: datetime | None = None) -> Path:
    """The PEM file with key and certificate in a private folder, mode 0600; made where there is none to use.

    addresses  of this machine, written into a new one; one that was kept may have others: a browser asks
               again for each address anyway

    Raises VcamError, OSError.
    """
    path = make_private(folder) / "certificate.pem"
    now = now or datetime.now(UTC)
    if _is_usable(path, now):
        os.chmod(path, 0o600)
    else:
        write_private(path, _make(addresses, now))
    return path


def _is_usable(path: Path, now: datetime) -> bool:
    try:
        content = path.read_bytes()
        certificate, key = x509.load_pem_x509_certificate(content), load_pem_private_key(content, None)
    except (OSError, ValueError):
        return False
    is_valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - LEFT
    return is_valid and certificate.public_key() == key.public_key()


def _make(addresses: Iterable[str], now: datetime) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, TITLE)])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(list(_names(addresses))), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode()


def _names(addresses: Iterable[str]) -> Iterable[x509.GeneralName]:
    yield x509.DNSName("localhost")
    host = socket.gethostname()
    if host.isascii() and 0 < len(host) <= LONGEST_HOST and host != "localhost":
        with suppress(ValueError):
            yield x509.DNSName(host)
    for address in dict.fromkeys(["127.0.0.1", *addresses]):
        yield x509.IPAddress(ip_address(address))
