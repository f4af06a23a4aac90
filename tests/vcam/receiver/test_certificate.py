import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="no cryptography; run: pip install 'sharpkd-camera[webrtc]'")

from cryptography import x509

from vcam.errors import VcamError
from vcam.receiver.certificate import LEFT, VALID, keep_certificate


def test_it_is_made_once_and_only_its_user_reads_it(tmp_path: Path) -> None:
    path = keep_certificate(tmp_path / "phone", ["192.168.1.7"])
    content = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(path)
    names = x509.load_pem_x509_certificate(content).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert {str(one) for one in names.value.get_values_for_type(x509.IPAddress)} == {
        "127.0.0.1",
        "192.168.1.7",
    }
    path.chmod(0o644)
    assert keep_certificate(tmp_path / "phone", ["10.0.0.9"]).read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("days", [VALID.days - LEFT.days + 1, -3])
def test_it_is_made_again_before_it_ends_or_when_the_clock_was_wrong(tmp_path: Path, days: int) -> None:
    content = keep_certificate(tmp_path / "phone").read_bytes()
    later = datetime.now(UTC) + timedelta(days=days)
    assert keep_certificate(tmp_path / "phone", now=later).read_bytes() != content


@pytest.mark.parametrize(
    "content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_damaged_file_is_replaced(tmp_path: Path, content: str) -> None:
    path = keep_certificate(tmp_path / "phone")
    path.write_text(content)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(keep_certificate(tmp_path / "phone"))


def test_a_key_that_belongs_to_another_certificate_is_replaced(tmp_path: Path) -> None:
    mine, other = keep_certificate(tmp_path / "mine"), keep_certificate(tmp_path / "other")
    key = mine.read_text().partition("-----BEGIN CERTIFICATE-----")[0]
    certificate = other.read_text().partition("-----BEGIN CERTIFICATE-----")[2]
    mine.write_text(f"{key}-----BEGIN CERTIFICATE-----{certificate}")
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(keep_certificate(tmp_path / "mine"))


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = keep_certificate(tmp_path / "phone").parent
    folder.chmod(0o755)
    with pytest.raises(VcamError, match="open to others"):
        keep_certificate(folder)
    shutil.rmtree(folder)
