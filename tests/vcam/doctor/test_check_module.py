import pytest
from made_machine import RELEASE, MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, Case, Finding
from vcam.doctor.module import check_module
from vcam.v4l2loopback.module import MODPROBE


def check(made: MadeMachine, sink: str = "auto") -> list[Finding]:
    return check_module(Case(made.machine, Config(sink=sink)), made.machine)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.mark.parametrize(
    ("release", "fix"),
    [
        ("ID=debian", "sudo apt install v4l2loopback-dkms"),
        ("ID=ubuntu\nID_LIKE=debian", "sudo apt install v4l2loopback-dkms"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"', "sudo apt install v4l2loopback-dkms"),
        ("ID=fedora", "sudo dnf install akmod-v4l2loopback"),
        ('ID=endeavouros\nID_LIKE="arch"', "sudo pacman -S v4l2loopback-dkms linux-headers"),
        (
            'ID="rocky"\nID_LIKE="rhel centos fedora"',
            "git clone https://github.com/v4l2loopback/v4l2loopback",
        ),
        ('ID="rhel"\nID_LIKE="fedora"', "git clone https://github.com/v4l2loopback/v4l2loopback"),
        ("ID=void", "git clone https://github.com/v4l2loopback/v4l2loopback"),
        ("", "git clone https://github.com/v4l2loopback/v4l2loopback"),
    ],
)
def test_what_is_not_installed_is_installed_as_the_distribution_does(
    made: MadeMachine, release: str, fix: str
) -> None:
    made.put("/etc/os-release", release)
    finding = only(check(made))
    assert (finding.level, RELEASE in finding.message) == (PROBLEM, True)
    assert "not installed" in finding.message
    assert fix in finding.fix


@pytest.mark.parametrize("source", ["/usr/src/v4l2loopback-0.12.7/a", "/var/lib/dkms/v4l2loopback/0.12.7/a"])
def test_what_is_installed_but_not_built_needs_headers(made: MadeMachine, source: str) -> None:
    made.put(source)
    made.put(f"/lib/modules/{RELEASE}/modules.dep")
    finding = only(check(made))
    assert "not built for the running kernel 6.1.0-50-amd64: its headers are missing" in finding.message
    assert finding.fix == "sudo apt install linux-headers-$(uname -r)"


@pytest.mark.parametrize(
    ("release", "headers"),
    [
        ("ID=void", ""),  # not the source, which needs them as well
        ('ID="rocky"\nID_LIKE="rhel centos fedora"', "sudo dnf install kernel-devel-$(uname -r)"),
    ],
)
def test_elsewhere_headers_are_named_only_where_their_package_is_known(
    made: MadeMachine, release: str, headers: str
) -> None:
    made.put("/etc/os-release", release)
    made.put("/usr/src/v4l2loopback-0.12.7/a")
    made.put(f"/lib/modules/{RELEASE}/modules.dep")
    assert only(check(made)).fix == headers


def test_what_is_there_as_source_is_never_cloned_again(made: MadeMachine) -> None:
    made.put("/etc/os-release", "ID=void")
    made.put("/usr/src/v4l2loopback-0.12.7/a")
    made.put(f"/lib/modules/{RELEASE}/build/Makefile")
    assert only(check(made)).fix == "sudo dkms autoinstall"


def test_with_headers_it_is_built_again(made: MadeMachine) -> None:
    made.put("/usr/src/v4l2loopback-0.12.7/a")
    made.put(f"/lib/modules/{RELEASE}/build/Makefile")
    assert only(check(made)).fix == "sudo dkms autoinstall"


def test_a_kernel_whose_modules_are_gone_needs_a_reboot(made: MadeMachine) -> None:
    made.put("/usr/src/v4l2loopback-0.12.7/a")
    made.put("/lib/modules/6.9.0/v4l2loopback.ko")
    finding = only(check(made))
    assert (finding.level, finding.fix) == (PROBLEM, "sudo reboot")


def test_what_is_built_has_only_to_be_loaded(made: MadeMachine) -> None:
    made.build_module()
    finding = only(check(made))
    assert "is built for 6.1.0-50-amd64, but not loaded" in finding.message
    assert (finding.level, finding.fix) == (PROBLEM, MODPROBE)


def test_it_is_loaded_with_the_number_that_the_settings_name(made: MadeMachine) -> None:
    made.build_module()
    finding = only(check(made, "/dev/video10"))
    assert finding.fix == MODPROBE.replace("42", "10")


def test_a_loaded_module_says_its_version(made: MadeMachine) -> None:
    made.load_module("0.13.1")
    assert check(made) == [Finding("module", OK, "v4l2loopback 0.13.1 is loaded")]


def test_from_0_13_2_only_one_program_can_watch(made: MadeMachine) -> None:
    made.load_module("0.15.0")
    finding = only(check(made))
    assert (finding.level, "only one program at a time" in finding.message) == (OK, True)


@pytest.mark.parametrize("version", ["0.12.7", "unknown"])
def test_a_module_that_tells_no_version_is_an_old_one(made: MadeMachine, version: str) -> None:
    made.load_module(version)
    assert check(made) == [Finding("module", OK, "v4l2loopback before 0.13 is loaded")]
