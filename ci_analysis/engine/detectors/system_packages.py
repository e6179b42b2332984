"""The system's package managers (apt, dnf, apk, Homebrew) and ssh."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

APT = re.compile(r"^E: (?P<message>.+)$")
APT_KINDS: tuple[tuple[Category, re.Pattern[str], str], ...] = (
    (
        "network",
        re.compile(
            r"Failed to fetch|Unable to fetch|Temporary failure|Could not (?:connect|resolve)"
            r"|Hash Sum mismatch|does not have a Release file|no longer has a Release file|is not signed"
        ),
        (
            "Run it again; if it comes back, use another mirror, and run apt-get update in the same step "
            "as apt-get install."
        ),
    ),
    (
        "dependency",
        re.compile(
            r"Unable to locate package (?P<what>\S+)|Package '"
            r"(?P<name>[^']+)' has no installation candidate|Version '.+' for '"
            r"(?P<versioned>[^']+)' was not found|Unable to correct problems|Unmet dependencies"
            r"|Couldn't find any package"
        ),
        "Run apt-get update first, and check the name for this release: apt-cache policy {what}",
    ),
    ("permission", re.compile(r"Permission denied|are you root"), "Run it as root: sudo apt-get ..."),
    (
        "infrastructure",
        re.compile(r"Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock"),
        "Another apt runs: wait for it with -o DPkg::Lock::Timeout=120",
    ),
    (
        "resource",
        re.compile(r"You don't have enough free space|No space left"),
        "Free space on the runner: docker system prune -af, or remove preinstalled tools.",
    ),
)
DPKG = re.compile(r"^dpkg(?:-deb)?: error(?: processing (?:archive|package) (?P<package>\S+).*)?: ?(?P<message>.*)$")
OTHER: tuple[tuple[Category, re.Pattern[str]], ...] = (
    (
        "dependency",
        re.compile(
            r"^(?P<message>(?:No match for argument|Error: Unable to find a match|No package \S+ available"
            r"|Error: No available formula).*)$"
        ),
    ),
    (
        "network",
        re.compile(
            r"^(?P<message>ERROR: (?:cannot verify .+'s certificate"
            r"|The certificate of .+ (?:is not trusted|has expired)).*)$"
        ),
    ),
    ("dependency", re.compile(r"^(?P<message>ERROR: unable to select packages:)$")),
    (
        "network",
        re.compile(
            r"^(?P<message>(?:Error: )?Failed to download metadata for repo .+"
            r"|Errors during downloading metadata for repository .+"
            r"|ERROR: .+: (?:temporary error \(try again later\)|network error.*))$"
        ),
    ),
)
SSH = re.compile(
    r"^(?:ssh|scp|rsync|kex_exchange_identification|sftp)?:? ?(?P<message>(?:connect to (?:host"
    r"|address) .+|Could not resolve hostname .+|\S*@?\S*: Permission denied \(.+\)\.?"
    r"|Host key verification failed\.|Connection (?:closed|reset) by .+ port \d+"
    r"|Connection timed out during banner exchange))$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if ssh := SSH.match(text):
            yield remote_shell(number, ssh["message"])
        else:
            yield from packages(log, number, text)


def remote_shell(number: int, message: str) -> Diagnostic:
    denied = "Permission denied" in message or "Host key" in message
    return Diagnostic(
        title=f"ssh: {message}"[:120],
        category="permission" if denied else "network",
        lines=((number, number),),
        message=message,
        suggestion=(
            "Check the key in the secret and the host's authorized_keys; add the host with ssh-keyscan to known_hosts."
        )
        if denied
        else "Check host, port and firewall: nc -zv <host> <port>",
        confidence=LIKELY,
    )


def packages(log: Log, number: int, text: str) -> Iterator[Diagnostic]:
    if apt := APT.match(text):
        yield apt_error(number, apt["message"])
    elif dpkg := DPKG.match(text):
        message = dpkg["message"] or log.text(number + 1).strip()
        yield Diagnostic(
            f"dpkg: {message}"[:120],
            "dependency",
            ((number, number),),
            message,
            suggestion="See what is half installed: dpkg --audit",
            confidence=LIKELY,
        )
    else:
        for kind, pattern in OTHER:
            if found := pattern.match(text):
                message = (
                    found["message"] if not found["message"].endswith("packages:") else log.text(number + 1).strip()
                )
                yield Diagnostic(
                    f"{'Download' if kind == 'network' else 'Packages'}: {message}"[:120],
                    kind,
                    ((number, number if message in text else number + 1),),
                    message,
                    suggestion="Check the server's name and certificate, and the mirror; then run it again."
                    if kind == "network"
                    else "Check the package's name in this release of the distribution.",
                    confidence=CERTAIN,
                )


def apt_error(number: int, message: str) -> Diagnostic:
    for kind, pattern, advice in APT_KINDS:
        if found := pattern.search(message):
            what = next((value for value in found.groupdict().values() if value), "<package>")
            return Diagnostic(
                f"apt: {message}"[:120],
                kind,
                ((number, number),),
                message,
                suggestion=advice.format(what=what),
                confidence=CERTAIN,
            )
    return Diagnostic(f"apt: {message}"[:120], "dependency", ((number, number),), message, confidence=SYMPTOM)


DETECTOR = Detector(
    "system packages",
    (
        r"(?:^|[Z\s])E: [A-Z]",
        r"dpkg(?:-deb)?: error",
        r"No match for argument",
        r"Unable to find a match",
        r"No available formula",
        r"unable to select packages",
        r"ERROR: (?:cannot verify|The certificate of) ",
        r"download(?:ing)? metadata for repo",
        r"ssh: (?:connect|Could)",
        r"Permission denied \((?:publickey|password|keyboard)",
        r"Host key verification failed",
        r"Connection (?:closed|reset) by .{1,100} port [0-9]",
    ),
    find,
)
