"""The stand-in GitHub's pages in a real browser: the link to a log's line, and comments that appear by themselves."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from sandbox.github import StandInGitHub
from sandbox.github.demo import furnish
from sandbox.github.models import Repository
from sandbox.github.scenario_runs import play
from sandbox.github.scenarios import SCENARIOS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of the system, else Playwright's own; skipped where there is neither."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        try:
            launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"no Chromium can be started: {error.message.splitlines()[0]}")
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, github: StandInGitHub) -> Iterator[Page]:
    context = browser.new_context(base_url=github.web_url, viewport={"width": 390, "height": 800})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def demo(github: StandInGitHub) -> Repository:
    furnish(github.state, github.app_id)
    return next(iter(github.state.tables.repositories.values()))


def test_link_to_a_line_opens_its_step_and_shows_it(page: Page, github: StandInGitHub, demo: Repository) -> None:
    run = play(github.site, demo, github.state.pull_requests_of(demo)[0], SCENARIOS["pytest"])
    job = github.jobs(run)[-1]

    page.goto(f"/{demo.full_name}/actions/runs/{run.id}/job/{job.id}#step:4:3")

    expect(page.locator(":target")).to_be_in_viewport()
    assert page.locator(":target a").inner_text() == "3"


def test_comment_appears_by_itself_beside_what_is_being_written(
    page: Page, github: StandInGitHub, demo: Repository
) -> None:
    pull = github.state.pull_requests_of(demo)[0]
    page.goto(f"/{demo.full_name}/pull/{pull.number}")
    page.get_by_label("Add a comment").fill("half a sentence")
    page.get_by_label("Add a comment").blur()

    github.add_comment(demo, pull, "One failure in **CI**\n\n```\n" + "long " * 60 + "\n```", author="joris")

    expect(page.locator(".comment").last).to_contain_text("One failure in CI")
    expect(page.get_by_label("Add a comment")).to_have_value("half a sentence")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_button_ends_in_a_failed_check(page: Page, demo: Repository) -> None:
    page.goto(f"/{demo.full_name}/pull/1")

    page.get_by_role("button", name="This run fails").click()

    expect(page.get_by_label("Checks")).to_contain_text("CI / test (3.12)")
    expect(page.get_by_label("Checks").get_by_label("failure")).to_have_count(1)
