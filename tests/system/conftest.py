"""Which browsers the pages are tried in: Chromium, and Firefox where a test is marked `in_firefox`.

With TEST_BROWSER=firefox (or chromium) in the environment, every test has that one.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.system.browsers import Browsers, missing

if TYPE_CHECKING:
    from playwright.sync_api import Playwright


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "browsers" not in metafunc.fixturenames:
        return
    usual = ["chromium", "firefox"] if metafunc.definition.get_closest_marker("in_firefox") else ["chromium"]
    names = [os.environ["TEST_BROWSER"]] if "TEST_BROWSER" in os.environ else usual
    metafunc.parametrize("browsers", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def playwright() -> Iterator["Playwright"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browsers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    if reason := missing(request.param):
        pytest.skip(reason)
    downloads = tmp_path_factory.mktemp("downloads")
    browsers = Browsers(request.getfixturevalue("playwright"), request.param, downloads)
    yield browsers
    browsers.close()
