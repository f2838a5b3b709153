"""A browser for the tests of the report page."""

import browser
import pytest


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    if browser.find() is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    opened = browser.Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()
