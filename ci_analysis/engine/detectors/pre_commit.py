"""pre-commit. What a hook's tool says is for the tool's detector; here are the rest, and pre-commit's own errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.classify import classify
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

HEADER = re.compile(r"^(?P<name>.+?)\.{3,}(?:\(.*\))?(?P<result>Failed|Passed|Skipped)$")
HOOK = re.compile(r"^- hook id: (?P<id>\S+)$")
MODIFIED = "- files were modified by this hook"
NEXT = re.compile(
    r"^.+\.{3,}(?:\(.*\))?(?:Failed|Passed|Skipped)$|^pre-commit hook\(s\) made changes|^All changes made by hooks:"
)
OWN = re.compile(r"^An (?:unexpected )?error has occurred: (?P<message>.*)$")
REASON = re.compile(r"^={5}> (?P<reason>.+)$|^\s*(?P<git>(?:fatal|error): .+)$")
PLACED = re.compile(r"^(?P<file>[^\s:]+\.\w+):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))?:? ?(?P<message>.*)$")
DETAIL = 0.9  # a tool's own detector, where there is one, comes first


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if hook := HOOK.match(text):
            yield failed_hook(log, number, hook["id"])
        elif own := OWN.match(text):
            yield own_error(log, number, own["message"])


def failed_hook(log: Log, number: int, hook: str) -> Diagnostic:
    header = number - 1 if HEADER.match(log.text(number - 1)) else number
    end = (log.find(NEXT, number + 1, number + 400) or min(number + 400, log.last)) - 1
    details = range(number + 1, end + 1)
    modified = next((n for n in details if log.text(n) == MODIFIED), None)
    said = next((n for n in details if log.text(n).strip() and not log.text(n).startswith("- ")), None)
    place = PLACED.match(log.text(said)) if said else None
    lines = [(header, number)] + [(n, n) for n in dict.fromkeys((modified, said)) if n]
    header_name = HEADER.match(log.text(header))
    name = header_name["name"] if header_name else hook
    return Diagnostic(
        title=f"The hook {hook} {'changed files' if modified else 'failed'}",
        category=category(log.text(said) if said else "", name),
        lines=tuple(lines),
        message="files were modified by this hook" if modified else log.text(said).strip() if said else name,
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        suggestion=f"Run it here and commit what it changes: pre-commit run {hook} --all-files",
        confidence=DETAIL,
    )


def category(said: str, name: str) -> Category:
    found = classify("", f"{name} lint") if not said else classify(said, f"{name} lint")
    return found if found in ("types", "network", "permission", "resource", "test", "compile") else "lint"


def own_error(log: Log, number: int, message: str) -> Diagnostic:
    reason = log.find(REASON, number + 1, number + 40)
    found = REASON.match(log.text(reason)) if reason else None
    said = (found["reason"] or found["git"]) if found else ""
    invalid = message.startswith(("InvalidConfigError", "InvalidManifestError"))
    return Diagnostic(
        title=f"pre-commit could not run: {said or message}"[:120],
        category="configuration" if invalid or not said else classify(said, ""),
        lines=((number, number), *(((reason, reason),) if reason else ())),
        message=f"{message.strip()} {said}".strip(),
        file=".pre-commit-config.yaml" if invalid else None,
        suggestion="Correct the file; check with: pre-commit validate-config"
        if invalid
        else (
            "Run the job again if the hook's repository could not be fetched; else correct its rev: pre-commit "
            "autoupdate"
        ),
        confidence=CERTAIN,
    )


DETECTOR = Detector("pre-commit", (r"- hook id: ", r"An (?:unexpected )?error has occurred: "), find)
