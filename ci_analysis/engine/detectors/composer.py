"""Composer, PHP's package manager."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

PROBLEM = re.compile(r"^  Problem \d+$")
REASON = re.compile(r"^    - (?P<message>.+)")
STALE = re.compile(
    r"^(?:- )?(?P<message>Required package \""
    r"(?:[^\"]+)\" is not present in the lock file.*|The lock file is not up to date.*"
    r"|Your lock file does not contain a compatible set of packages.*)"
)
BOX = re.compile(r"^In (?:\w+\.php) line \d+:$")
NETWORK = re.compile(
    r"could not be download|curl error|Failed to open stream|getaddrinfo|timed? ?out"
    r"|Connection refused|HTTP/\S+ (?:5\d\d|429)",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(r"HTTP/\S+ 40[134]|Could not authenticate|Invalid credentials|Access denied", re.IGNORECASE)


COMPOSER = re.compile(r"packages\.json|composer|\.zip|https?://\S+/p2?/", re.IGNORECASE)
ADVICE: dict[Category, str] = {
    "permission": "Check the token of the repository: composer config --list --source",
    "network": "Run it again; if it comes back, cache Composer's files (composer config cache-files-dir).",
    "runtime": "Run it with -vvv to see where it was raised.",
}


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if PROBLEM.match(text):
            yield from problem(log, number)
        elif stale := STALE.match(text):
            yield diagnostic(
                "dependency",
                f"Composer: {stale['message']}",
                ((number, number),),
                stale["message"],
                "Update and commit the lock file: composer update --lock",
            )
        elif BOX.match(text):
            yield from boxed(log, number)


def problem(log: Log, number: int) -> Iterator[Diagnostic]:
    end = log.run(number, REASON, 10)
    reasons = [found["message"] for found in map(REASON.match, map(log.text, range(number + 1, end + 1))) if found]
    if not reasons:
        return
    extension = re.search(r"requires? PHP extension (?P<name>ext-\w+)", reasons[0])
    package = re.search(r"requires (?P<name>[\w.-]+/[\w.-]+)", reasons[0])
    advice = "See who asks for it: composer why-not " + (package["name"] if package else "<package> <version>")
    if extension:
        advice = (
            f"Install {extension['name'].replace('ext-', 'php-')} in the job (shivammathur/setup-php, "
            f"extensions: {extension['name'][4:]})."
        )
    yield diagnostic(
        "dependency",
        f"Composer: {reasons[0]}",
        ((number, end),),
        reasons[-1] if len(reasons) > 3 else reasons[0],
        advice,
    )


def boxed(log: Log, number: int) -> Iterator[Diagnostic]:
    """Symfony's console sets an exception's message in an indented box, wrapped in the middle of words."""
    end = number
    parts = []
    for at in range(number + 1, min(log.last, number + 20) + 1):
        text = log.text(at)
        if text.strip():
            parts.append(text[2:])
            end = at
        elif parts:
            break
    message = "".join(parts)
    if message:
        composer = COMPOSER.search(message) is not None
        kind: Category = (
            "permission" if FORBIDDEN.search(message) else "network" if NETWORK.search(message) else "runtime"
        )
        advice = ADVICE[kind] if composer else "Run the command with -vvv to see where it was raised."
        title = f"{'Composer' if composer else 'PHP console'}: {message}"
        yield diagnostic(kind, title, ((number, end),), message, advice)


def diagnostic(kind: Category, title: str, lines: tuple[tuple[int, int], ...], message: str, advice: str) -> Diagnostic:
    return Diagnostic(title[:120], kind, lines, message, suggestion=advice, confidence=CERTAIN)


DETECTOR = Detector(
    "composer",
    (
        r"  Problem [0-9]",
        r"is not present in the lock file",
        r"lock file (?:is not up to date|does not contain)",
        r"In \w{1,60}\.php line [0-9]+:",
    ),
    find,
)
