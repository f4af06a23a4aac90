"""What axe finds in every part of the panel, in all colours that its user may want, and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from panel_page import TABS, PanelPage

pytestmark = pytest.mark.timeout(300)

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark", "reduced_motion": "reduce"},
    "forced": {"forced_colors": "active"},
    "contrast": {"contrast": "more"},
    "phone": {"size": (320, 640), "color_scheme": "dark"},
}


def violations(panel: PanelPage) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(panel.page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(open_panel: Callable[..., PanelPage], look: str) -> None:
    panel = open_panel(**LOOKS[look])
    for tab in TABS:
        panel.open_tab(tab)
        assert violations(panel) == [], tab
        if look == "phone":
            assert panel.page.evaluate("document.documentElement.scrollWidth") <= 320, tab
        panel.keep(f"{look}-{tab}")
    panel.page.click("#stop")
    assert violations(panel) == [], "the dialog"


def test_nothing_moves_for_who_wants_no_motion(open_panel: Callable[..., PanelPage]) -> None:
    panel = open_panel(reduced_motion="reduce")
    moving = """[...document.querySelectorAll('*')]
        .filter((each) => parseFloat(getComputedStyle(each).transitionDuration) > 0).length"""
    assert panel.page.evaluate(moving) == 0
