"""A visitor who looks at pages as a person with sharp eyes would: at errors, at the width, at names of things."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Response

SCREENSHOTS = Path(settings.BASE_DIR) / "test-results"

# What is wrong with the page's structure, as sentences.
_DEFECTS = """() => {
  const wrong = [];
  const say = (element, text) => wrong.push(`${text}: ${element.outerHTML.slice(0, 120)}`);
  if (!document.documentElement.lang) wrong.push("the page has no language");
  if (!document.title.trim()) wrong.push("the page has no title");
  if (document.querySelectorAll("main").length !== 1) wrong.push("not exactly one main");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not exactly one h1");
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1 && level > 0) say(heading, "a heading skips a level");
    level = own;
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!field.labels.length && !field.getAttribute("aria-label")) say(field, "a field has no label");
  }
  for (const image of document.querySelectorAll("img:not([alt])")) say(image, "an image has no alt");
  for (const named of document.querySelectorAll("a, button, summary")) {
    const name = named.textContent.trim() || named.getAttribute("aria-label");
    if (!name && !named.querySelector("img[alt]:not([alt=''])")) say(named, "it has no name");
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids.filter((id, index) => ids.indexOf(id) !== index)) wrong.push(`two elements are called ${id}`);
  return wrong;
}"""


class Visitor:
    """One browser window. `trouble` collects errors of the console and answers that should not have come."""

    def __init__(
        self, browser: Browser, base_url: str, *, scheme: Literal["light", "dark"], width: int, script: bool = True
    ) -> None:
        self.name = f"{scheme}-{width}"
        context = browser.new_context(
            base_url=base_url,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
        )
        context.set_default_timeout(10_000)
        self.page = context.new_page()
        self.trouble: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("response", self._answered)

    def sign_in(self, path: str = "/") -> None:
        self.page.goto(path)
        self.page.get_by_role("button", name="Sign in as the demo user").click()

    def takes_a_picture(self, name: str) -> None:
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{self.name}.png", full_page=True)

    def looks_around(self, name: str) -> None:
        """Take a picture, and check what holds for every page of ours."""
        self.takes_a_picture(name)
        assert self.page.evaluate(_DEFECTS) == []
        size: dict[str, Any] = self.page.evaluate(
            "() => ({ page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth })"
        )
        assert size["page"] <= size["window"], f"{name} scrolls sideways"
        assert self.trouble == []

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.trouble.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.trouble.append(f"{response.status} {response.url}")
