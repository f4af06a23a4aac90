from collections.abc import Callable, Iterator
from typing import Any

import pytest
from panel_page import PanelPage
from panel_session import PanelSession

from tests.system.browsers import Browsers


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PanelSession]:
    session = PanelSession(tmp_path_factory.mktemp("panel"))
    try:
        yield session.start()
    finally:
        session.close()


@pytest.fixture
def open_panel(browsers: Browsers, session: PanelSession) -> Iterator[Callable[..., PanelPage]]:
    """Opens the panel in a profile of its own; at the end, nothing may have been complained of."""
    panels: list[PanelPage] = []

    def open_panel(**looks: Any) -> PanelPage:
        panels.append(PanelPage(browsers, session, **looks))
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
