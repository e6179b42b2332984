from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def chromium() -> str | None:
    """An installed browser: CHROMIUM names one, or it is found by its usual names."""
    named = [os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium", "chromium-browser", "google-chrome")), MACOS]
    return next((path for path in named if path and Path(path).exists()), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Closed before the database is cleaned: Django takes a thread that runs Playwright for an asynchronous one."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found: install one, or name it by the environment variable CHROMIUM")
    arguments = ["--disable-quic", "--disable-component-update", "--disable-gpu"]
    if os.name == "posix" and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()
