import errno

import pytest
from fake_controls import FakeControls

from vcam.v4l2.controls import Control, Wanted, apply_controls, list_controls, read_value, spell_name


def controls() -> dict[str, Control]:
    return {control.name: control for control in list_controls(FakeControls(), 3)}


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("Exposure, Dynamic Framerate", "exposure_dynamic_framerate"),
        ("Power Line Frequency", "power_line_frequency"),
        ("White Balance, Automatic", "white_balance_automatic"),
        ("Gain", "gain"),
    ],
)
def test_controls_are_spelt_as_v4l2_ctl_spells_them(name: str, spelt: str) -> None:
    assert spell_name(name) == spelt


def test_numbers_switches_and_menus_are_listed_with_their_ranges() -> None:
    found = controls()
    exposure, mains = found["exposure_time_absolute"], found["power_line_frequency"]
    assert (exposure.kind, exposure.least, exposure.most, exposure.default) == ("number", 3, 2047, 250)
    assert (mains.kind, mains.menu, mains.value) == ("menu", {0: "Disabled", 1: "50 Hz", 2: "60 Hz"}, 2)
    assert found["exposure_dynamic_framerate"].kind == "switch"


def test_classes_buttons_and_disabled_controls_are_not_listed() -> None:
    assert not {"user_controls", "reset", "old"} & set(controls())


def test_a_menu_with_holes_lists_what_is_there() -> None:
    assert controls()["auto_exposure"].menu == {1: "Manual Mode", 3: "Aperture Priority Mode"}


def test_a_menu_of_numbers_has_all_64_bits() -> None:
    assert controls()["link_frequency"].menu == {0: "400000000", 1: "9000000000"}


def test_what_an_automatic_holds_is_told() -> None:
    found = controls()
    assert not found["exposure_time_absolute"].is_active
    assert found["gain"].is_active


def test_what_can_only_be_written_has_no_value() -> None:
    assert controls()["focus_relative"].value is None


@pytest.mark.parametrize(
    ("name", "wanted", "value"),
    [
        ("gain", 200, 200),
        ("gain", "200", 200),
        ("gain", 200.0, 200),
        ("power_line_frequency", "50 hz", 1),
        ("power_line_frequency", 0, 0),
        ("power_line_frequency", "2", 2),
        ("exposure_dynamic_framerate", False, 0),
        ("exposure_dynamic_framerate", "on", 1),
        ("link_frequency", "9000000000", 1),
    ],
)
def test_values_are_read_as_people_write_them(name: str, wanted: Wanted, value: int) -> None:
    assert read_value(controls()[name], wanted) == value


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("gain", 256, r"expected 0\.\.255"),
        ("gain", -1, r"expected 0\.\.255"),
        ("gain", 1.5, r"expected 0\.\.255"),
        ("gain", True, r"expected 0\.\.255"),
        ("gain", "much", r"expected 0\.\.255"),
        ("gain", "9" * 5000, r"expected 0\.\.255"),
        ("white_balance_temperature", 1, r"expected 2000\.\.6500 in steps of 10"),
        ("auto_exposure", 2, 'expected "Manual Mode", "Aperture Priority Mode"'),
        ("power_line_frequency", "70 Hz", 'expected "Disabled", "50 Hz", "60 Hz"'),
        ("exposure_dynamic_framerate", "maybe", "expected true or false"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_those_that_can(
    name: str, wanted: Wanted, expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        read_value(controls()[name], wanted)


def test_automatics_are_switched_off_before_what_they_hold_is_set() -> None:
    kernel = FakeControls()
    wanted: dict[str, Wanted] = {
        "exposure_time_absolute": 100,
        "auto_exposure": "Manual Mode",
        "white_balance_temperature": 5000,
        "white_balance_automatic": False,
    }
    assert apply_controls(kernel, 3, wanted) == []
    assert kernel.value_of("Exposure Time, Absolute") == 100
    assert kernel.value_of("White Balance Temperature") == 5000


def test_what_has_its_value_is_not_written_again() -> None:
    kernel = FakeControls()
    assert apply_controls(kernel, 3, {"power_line_frequency": "60 Hz", "gain": 7}) == []
    assert kernel.written == [("Gain", 7)]


def test_one_control_that_cannot_be_set_keeps_no_other_from_it() -> None:
    kernel = FakeControls()
    wanted: dict[str, Wanted] = {"gain": 999, "sharpnes": 3, "brightness": 90, "exposure_time_absolute": 90}
    found = apply_controls(kernel, 3, wanted)
    assert kernel.written == [("Brightness", 90)]
    assert found == [
        "it has no control 'sharpnes'; sharpkd devices lists those it has",
        "gain = '999' cannot be set: expected 0..255",
        "exposure_time_absolute = 90 was refused: an automatic holds it, or another program; switch that off"
        " in the same table",
    ]


def test_what_can_only_be_read_is_said() -> None:
    assert apply_controls(FakeControls(), 3, {"temperature": 50}) == ["temperature can only be read"]


def test_nothing_wanted_asks_nothing() -> None:
    kernel = FakeControls()
    kernel.failure = errno.ENODEV
    assert apply_controls(kernel, 3, {}) == []


def test_a_camera_that_is_gone_is_an_error() -> None:
    kernel = FakeControls()
    kernel.failure = errno.ENODEV
    with pytest.raises(OSError, match="No such device"):
        apply_controls(kernel, 3, {"gain": 1})


def test_a_node_without_controls_lists_none() -> None:
    kernel = FakeControls()
    kernel.failure = errno.ENOTTY
    assert list_controls(kernel, 3) == []
