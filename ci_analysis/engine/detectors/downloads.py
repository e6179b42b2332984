"""curl, wget, and archives that turn out to be something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log

ARCHIVE = re.compile(
    r"^(?:gzip: stdin: (?:not in gzip format|unexpected end of file)|tar: "
    r"(?:This does not look like a tar archive|Unexpected EOF in archive)"
    r"|\s*End-of-central-directory signature not found.*|unzip:  cannot find .*"
    r"|xz: .*File format not recognized)"
)
CURL = re.compile(r"^curl: \((?P<code>\d{1,7})\) (?P<message>.+)$")
WGET = re.compile(
    r"^(?P<message>wget: (?:unable to resolve host address|bad address|can't connect|server returned error).*"
    r"|.*ERROR \d{3}: .+)$"
)
WGET_STATUS = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ERROR (?P<status>\d{3}): (?P<message>.+)$")
CURL_NETWORK = frozenset({5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 58, 60, 77, 92})


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        found = download_error(number, log.text(number)) or broken_archive(number, log.text(number))
        if found:
            yield found


def report(number: int, category: Category, title: str, message: str, suggestion: str) -> Diagnostic:
    """LIKELY: a script may go on without the download."""
    return Diagnostic(
        title[:120], category, ((number, number),), message.strip(), suggestion=suggestion, confidence=LIKELY
    )


def broken_archive(number: int, text: str) -> Diagnostic | None:
    if not ARCHIVE.match(text):
        return None
    return report(
        number,
        "network",
        "The archive is not what its name says",
        text,
        "The download is mostly an error page: fetch it with curl -fsSL so that an HTTP error fails there, and check "
        "its address",
    )


def download_error(number: int, text: str) -> Diagnostic | None:
    if found := CURL.match(text):
        code = int(found["code"])
        status = re.search(r"returned error: (\d{3})", found["message"])
        category = http_category(status[1]) if status else curl_category(code)
        return report(
            number,
            category,
            f"curl: {found['message']}",
            found["message"],
            download_advice(code, status[1] if status else ""),
        )
    if found := WGET_STATUS.match(text):
        return report(
            number,
            http_category(found["status"]),
            f"wget: {found['status']} {found['message']}",
            found["message"],
            download_advice(22, found["status"]),
        )
    if found := WGET.match(text):
        return report(number, "network", found["message"], found["message"], download_advice(6, ""))
    return None


def curl_category(code: int) -> Category:
    """By curl's exit code: 23 is a failed write."""
    if code == 23:
        return "resource"
    return "network" if code in CURL_NETWORK else "configuration"


def http_category(status: str) -> Category:
    if status in ("401", "403", "407"):
        return "permission"
    return "configuration" if status in ("400", "404", "405", "410") else "network"


def download_advice(code: int, status: str) -> str:
    if status in ("401", "403", "407"):
        return "Check the token of the request and its rights; runs of forks get no secrets"
    if status in ("404", "410"):
        return "Correct the address or the version in it; the file is not (or no longer) there"
    if code == 7:
        return "Nothing listens there: start the service before (and wait for it), or correct host and port"
    return (
        "Run the job again; let curl try by itself with --retry 5 --retry-all-errors, and check host name and "
        "proxy if it comes back"
    )


DETECTOR = Detector(
    "download",
    (
        (
            r"not in gzip format|look like a tar archive|Unexpected EOF in archive|End-of-central-directory"
            r"|File format not recognized"
        ),
        r"curl: \([0-9]",
        r"wget: |ERROR [0-9]{3}: ",
    ),
    find,
)
