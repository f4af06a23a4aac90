from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from panel_page import PanelPage
from panel_session import CHROMIUM, FLAGS, PanelSession

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PanelSession]:
    session = PanelSession(tmp_path_factory.mktemp("panel"))
    try:
        yield session.start()
    finally:
        session.close()


@pytest.fixture
def open_panel(browser: "Browser", session: PanelSession) -> Iterator[Callable[..., PanelPage]]:
    """Opens the panel in a profile of its own; at the end, nothing may have been complained of."""
    panels: list[PanelPage] = []

    def open_panel(**looks: Any) -> PanelPage:
        panels.append(PanelPage(browser, session, **looks))
        return panels[-1].open()

    yield open_panel
    faults = [fault for panel in panels for fault in panel.faults]
    for panel in panels:
        panel.close()
    assert faults == []


@pytest.fixture
def panel(open_panel: Callable[..., PanelPage]) -> PanelPage:
    return open_panel()


@pytest.fixture
def still(session: PanelSession) -> Iterator[None]:
    """A picture that stands still, which leaves the processor to the browser."""
    session.client.command(freeze=True)
    yield
    session.client.command(freeze=False)
