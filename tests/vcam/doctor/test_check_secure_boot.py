import pytest
from made_machine import RELEASE, MadeMachine

from vcam.doctor.boot import KEYS, check_secure_boot
from vcam.doctor.case import OK, PROBLEM, WARNING, Finding

VARIABLE = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
LOCKDOWN = "/sys/kernel/security/lockdown"
ON, OFF = b"\x06\0\0\0\x01", b"\x06\0\0\0\0"


def only(made: MadeMachine) -> Finding:
    (finding,) = check_secure_boot(made.machine)
    return finding


def test_a_machine_without_efi_has_none(made: MadeMachine) -> None:
    assert only(made) == Finding("secure boot", OK, "off: the kernel takes any module")


def test_the_fifth_byte_says_that_it_is_off(made: MadeMachine) -> None:
    made.put(VARIABLE, OFF)
    made.build_module()
    assert only(made).level == OK


@pytest.mark.parametrize("key", KEYS)
def test_a_built_module_needs_its_key_enrolled(made: MadeMachine, key: str) -> None:
    made.put(VARIABLE, ON)
    made.put(key)
    made.build_module()
    made.answers[f"mokutil --test-key {key}"] = f"{key} is not enrolled\n"
    finding = only(made)
    assert (finding.level, finding.fix) == (PROBLEM, f"sudo mokutil --import {key}")
    assert "Enroll MOK" in finding.message


def test_a_module_of_the_kernel_itself_needs_no_key(made: MadeMachine) -> None:
    made.put(VARIABLE, ON)
    made.put(f"/lib/modules/{RELEASE}/kernel/v4l2loopback/v4l2loopback.ko.zst")
    made.put("/var/lib/shim-signed/mok/MOK.der")
    assert (only(made).level, "came with the kernel" in only(made).message) == (OK, True)
    made.build_module()  # beside it, which modprobe prefers
    assert only(made).level != OK


@pytest.mark.parametrize(
    ("folder", "key"),
    [
        ("/etc/pki/akmods/certs", "/etc/pki/akmods/certs/public_key.der"),  # Fedora hides what is in it
        ("/nothing", "/var/lib/dkms/mok.pub"),
    ],
)
def test_a_key_that_may_not_be_seen_is_only_warned_of(made: MadeMachine, folder: str, key: str) -> None:
    made.put(VARIABLE, ON)
    (made.root / folder.lstrip("/")).mkdir(parents=True)
    (made.root / "var/lib/dkms").mkdir(parents=True)
    made.build_module()
    made.answers[f"mokutil --test-key {key}"] = f"Failed to open {key}\n"
    finding = only(made)
    assert (finding.level, finding.fix) == (WARNING, f"sudo mokutil --import {key}")
    assert "Key was rejected by service" in finding.message


def test_without_mokutil_nothing_is_claimed(made: MadeMachine) -> None:
    made.put(VARIABLE, ON)
    made.build_module()
    assert only(made).level == WARNING


def test_an_enrolled_key_is_no_problem(made: MadeMachine) -> None:
    made.put(VARIABLE, ON)
    made.build_module()
    made.answers["mokutil --test-key /var/lib/dkms/mok.pub"] = "/var/lib/dkms/mok.pub is already enrolled\n"
    assert only(made).level == OK


def test_a_key_that_is_not_enrolled_is_one(made: MadeMachine) -> None:
    made.put(VARIABLE, ON)
    made.build_module()
    made.answers["mokutil --test-key /var/lib/dkms/mok.pub"] = "/var/lib/dkms/mok.pub is not enrolled\n"
    assert only(made).level == PROBLEM


def test_a_loaded_module_is_trusted(made: MadeMachine) -> None:
    made.put(VARIABLE, ON)
    made.load_module()
    assert (only(made).level, "its key is trusted" in only(made).message) == (OK, True)


def test_before_the_module_is_there_it_is_announced(made: MadeMachine) -> None:
    made.put(VARIABLE, ON)
    assert only(made).level == WARNING


def test_a_locked_kernel_refuses_without_secure_boot_too(made: MadeMachine) -> None:
    made.put(LOCKDOWN, "none [integrity] confidentiality\n")
    made.build_module()
    made.answers["mokutil --test-key /var/lib/dkms/mok.pub"] = "/var/lib/dkms/mok.pub is not enrolled\n"
    assert (only(made).level, "kernel lockdown is integrity" in only(made).message) == (PROBLEM, True)


def test_an_unlocked_kernel_does_not(made: MadeMachine) -> None:
    made.put(LOCKDOWN, "[none] integrity confidentiality\n")
    made.build_module()
    assert only(made).level == OK
