"""make's own errors; a recipe that failed is only the consequence of what it printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, GENERIC, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

NO_RULE = re.compile(
    r"^(?:g?make(?:\[\d+\])?: )\*\*\* (?P<message>No rule to make target [`']"
    r"(?P<target>[^']+)'(?:, needed by [`'](?P<by>[^']+)')?)"
)
MAKEFILE = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d{1,7}): \*\*\* (?P<message>.+?)\.?  Stop\.$")
RECIPE = re.compile(
    r"^(?:g?make(?:\[\d+\])?: )\*\*\* \[(?:(?P<file>[^\s:\]]+):(?P<line>\d{1,7}): )?"
    r"(?P<target>[^\]]+)\] (?P<how>Error \d+|Segmentation fault|Aborted|Killed|Terminated|Bus error"
    r"|Illegal instruction|Floating point exception|Interrupt|Hangup)"
)
BY_SIGNAL: dict[str, Category] = {
    "Killed": "resource",
    "Terminated": "infrastructure",
    "Interrupt": "infrastructure",
    "Hangup": "infrastructure",
}


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if missing := NO_RULE.match(text):
            yield no_rule(number, missing)
        elif wrong := MAKEFILE.match(text):
            yield Diagnostic(
                title=f"{wrong['file']}: {wrong['message']}",
                category="configuration",
                lines=((number, number),),
                message=wrong["message"],
                file=wrong["file"],
                line=int(wrong["line"]),
                suggestion="Recipe lines begin with a tab, not with spaces." if "separator" in wrong["message"] else "",
                confidence=CERTAIN,
            )
        elif recipe := RECIPE.match(text):
            yield failed_recipe(number, text, recipe)


def no_rule(number: int, missing: re.Match[str]) -> Diagnostic:
    needed = f"{missing['by']} needs" if missing["by"] else "Nothing makes"
    return Diagnostic(
        title=f"make: {needed} {missing['target']}, which is not there",
        category="configuration",
        lines=((number, number),),
        message=missing["message"],
        suggestion=(
            f"Commit or generate {missing['target']}, or correct its name in the Makefile: git ls-files | "
            f"grep {missing['target'].split('/')[-1]}"
        ),
        confidence=CERTAIN,
    )


def failed_recipe(number: int, text: str, recipe: re.Match[str]) -> Diagnostic:
    died = not recipe["how"].startswith("Error")
    category: Category = BY_SIGNAL.get(recipe["how"], "runtime")
    return Diagnostic(
        title=f"make {recipe['target']}: {recipe['how']}",
        category=category if died else "unknown",
        lines=((number, number),),
        message=text,
        suggestion=f"Run it here: make {recipe['target']}",
        confidence=GENERIC if died else SYMPTOM,
    )


DETECTOR = Detector("make", (r"\*\*\* ",), find)
