"""npm, in both its prefixes: `npm ERR!` up to version 9 and `npm error` after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

LINE = re.compile(r"^npm (?:ERR!|error)(?: (?P<text>.*))?$")
CODE = re.compile(r"^code (?P<code>E?[A-Z][A-Z_0-9]+|\d+)$")
MISSING_SCRIPT = re.compile(r"^(?:Missing script: |missing script: )\"?(?P<script>[^\"]+)\"?")
NOISE = re.compile(r"^(?:A complete log|\s*/.*_logs/|For a full report|$|404$|notsup$|network$)")
SHELL_NOT_FOUND = re.compile(
    r"^(?:(?:/bin/)?(?:ba|da)?sh: )?(?:(?:line )?\d+: )?(?P<command>[@\w./-]+): (?:command )?not found$"
)
LIFECYCLE = ("ELIFECYCLE",)
REACH = 40  # lines of npm's own report


class Report:
    """The run of `npm ERR!` lines that begins with a code."""

    def __init__(self, log: Log, start: int) -> None:
        self.start = start
        self.lines: list[tuple[int, str]] = []
        for number in range(start, min(start + REACH, log.last + 1)):
            line = LINE.match(log.text(number))
            text = (line["text"] or "").strip() if line else ""
            if (line is None and log.text(number).strip()) or (number > start and CODE.match(text)):
                break
            self.lines.append((number, text))

    def first(self, pattern: str) -> tuple[int, re.Match[str]] | None:
        return next(((n, m) for n, text in self.lines[1:] if (m := re.search(pattern, text))), None)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    read_to = 0
    for number in hits:
        line = LINE.match(log.text(number))
        if number <= read_to or not line:
            continue
        text = (line["text"] or "").strip()
        if code := CODE.match(text):
            report = Report(log, number)
            read_to = report.lines[-1][0]
            yield diagnose(report, code["code"])
        elif script := MISSING_SCRIPT.match(text):
            yield missing_script(number, text, script["script"])
        elif (number - 1) not in hits and text.startswith(
            ("Lifecycle script", "Failed at the", "Test failed.", "command failed")
        ):
            yield Diagnostic("An npm script failed", "unknown", ((number, number),), text, confidence=SYMPTOM)


def missing_script(number: int, text: str, script: str) -> Diagnostic:
    return Diagnostic(
        f"package.json has no script {script}",
        "configuration",
        ((number, number),),
        text,
        file="package.json",
        suggestion=f"Correct the name {script} or add it to the scripts of package.json; see which there are: npm run",
        confidence=CERTAIN,
    )


# code: (category, pattern of the line that tells most, title, suggestion)
KNOWN: dict[str, tuple[Category, str, str, str]] = {
    "ERESOLVE": (
        "dependency",
        r"^ERESOLVE (?P<said>.+)",
        "npm cannot resolve the dependency tree",
        (
            "Bring the two packages to versions that fit each other and commit the lock file; npm explain "
            "<package> shows who wants what (--legacy-peer-deps only hides it)"
        ),
    ),
    "E404": (
        "dependency",
        r"^404\s+(?P<said>(?:The requested resource )?'\S+' .+)",
        "npm does not find a package",
        (
            "Correct the name or the version; for a private package give the job a token (NODE_AUTH_TOKEN) and the "
            "right registry"
        ),
    ),
    "ETARGET": (
        "dependency",
        r"(?P<said>No matching version found for .+?)\.?$",
        "npm finds no version that fits",
        "Choose a version that exists: npm view <package> versions; a very new one may not be mirrored yet",
    ),
    "ENOVERSIONS": (
        "dependency",
        r"(?P<said>No (?:valid )?versions available.+)",
        "npm finds no version",
        "Correct the name of the package or the registry",
    ),
    "EUSAGE": (
        "dependency",
        r"(?P<said>`?npm ci`? can only install.+|The `npm ci` command can only install.+|.+)",
        "npm ci and the lock file do not fit",
        "Renew the lock file and commit it: npm install --package-lock-only",
    ),
    "EBADENGINE": (
        "configuration",
        r"^(?:notsup |engine )(?P<said>Required: .+|Not compatible .+)",
        "This Node.js or npm is not supported by a package",
        "Run the job with a Node.js that the package accepts (node-version of actions/setup-node, .nvmrc)",
    ),
    "ENOTSUP": (
        "configuration",
        r"^notsup (?P<said>.+)",
        "This Node.js or npm is not supported by a package",
        "Run the job with a Node.js that the package accepts (node-version of actions/setup-node, .nvmrc)",
    ),
    "EBADPLATFORM": (
        "configuration",
        r"^notsup (?P<said>.+)",
        "A package does not support this platform",
        "Move it to optionalDependencies, or renew the lock file on the platform of the runner",
    ),
    "EJSONPARSE": (
        "configuration",
        r"(?P<said>(?:JSON\.parse )?(?:Invalid|Failed|Unexpected).+)",
        "package.json is not valid JSON",
        "Correct the place that the message names (a trailing comma, a conflict marker)",
    ),
    "EINTEGRITY": (
        "dependency",
        r"(?P<said>.*integrity checksum failed.*|sha\d+-.+)",
        "A download does not have the hash of the lock file",
        "If nobody changed the lock file, clear the cache and run again; else renew the entry: npm install",
    ),
    "E401": (
        "permission",
        r"^(?P<said>.*(?:401|authenticat|login).*)",
        "The registry refused the login",
        "Give the step a valid token (NODE_AUTH_TOKEN) and registry-url; runs of forks get no secrets",
    ),
    "ENEEDAUTH": (
        "permission",
        r"^(?:need auth )?(?P<said>.*)",
        "npm is not logged in",
        "Give the step a valid token (NODE_AUTH_TOKEN) and registry-url; runs of forks get no secrets",
    ),
    "E403": (
        "permission",
        r"^(?P<said>403 .+)",
        "The registry refused the request",
        "Check the rights of the token, and whether this version was published before",
    ),
    "EACCES": (
        "permission",
        r"(?P<said>(?:Error: )?EACCES.*)",
        "npm may not write there",
        "Give the folder to the user who runs npm, or install locally instead of globally",
    ),
    "ENOENT": (
        "configuration",
        r"(?P<said>(?:Could not read package\.json: |enoent )?(?:Error: )?ENOENT: .+|enoent .+)",
        "A file that npm needs is not there",
        "Run npm in the folder that has package.json (working-directory), after the checkout",
    ),
    "ENOSPC": (
        "resource",
        r"(?P<said>.*(?:ENOSPC|no space).*)",
        "The disk is full",
        "Free space on the runner before installing, or cache less",
    ),
    "ELOCKVERIFY": (
        "dependency",
        r"(?P<said>Errors were found.+)",
        "package-lock.json does not fit package.json",
        "Renew the lock file and commit it: npm install",
    ),
}
NETWORK = (
    "ENOTFOUND",
    "ETIMEDOUT",
    "ECONNRESET",
    "ECONNREFUSED",
    "EAI_AGAIN",
    "ENETUNREACH",
    "ERR_SOCKET_TIMEOUT",
    "E500",
    "E502",
    "E503",
    "E504",
    "E429",
    "EPROTO",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "CERT_HAS_EXPIRED",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "FETCH_ERROR",
)


def diagnose(report: Report, code: str) -> Diagnostic:
    if code in KNOWN:
        category, pattern, title, suggestion = KNOWN[code]
        return told(report, code, category, pattern, title, suggestion)
    if code in NETWORK:
        return told(
            report,
            code,
            "network",
            r"(?P<said>.*(?:request to|failed|reason:|timed? ?out).*)",
            "npm could not reach the registry",
            "Run the job again; if it comes back, check the registry's address and the proxy (npm config get registry)",
        )
    return script_failed(report, code)


def told(report: Report, code: str, category: Category, pattern: str, title: str, suggestion: str) -> Diagnostic:
    best = report.first(pattern)
    said = best[1].groupdict().get("said") or best[1][0] if best else code
    lines = [(report.start, report.start)]
    if best and best[0] != report.start:
        lines.append((best[0], best[0]))
    lines += [
        (n, n)
        for n, text in report.lines
        if re.match(
            r"(?:While resolving|Found:|Could not resolve|peer |Missing: |Invalid: |Actual:|notsup Actual)", text
        )
    ][:8]
    return Diagnostic(
        f"{title} ({code})",
        category,
        tuple(sorted(set(lines))),
        f"{code}: {said}",
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def script_failed(report: Report, code: str) -> Diagnostic:
    """A script of package.json or of a dependency ended with an error: the cause stands above npm's report."""
    path = report.first(r"^path (?P<path>\S+)")
    package = re.search(r"node_modules/((?:@[^/]+/)?[^/]+)$", path[1]["path"]) if path else None
    command = report.first(r"^command (?P<command>.+)|^\S+@\S+ (?P<script>[\w:.-]+): `(?P<old>.+)`")
    installing = package is not None
    said = next(
        (
            text
            for _, text in report.lines[1:]
            if text and not NOISE.match(text) and not text.startswith(("path ", "command ", "code ", "errno "))
        ),
        "",
    )
    return Diagnostic(
        title=f"The install script of {package[1]} failed" if package else "An npm script failed",
        category="dependency" if installing else "unknown",
        lines=tuple(
            (n, n)
            for n in dict.fromkeys((report.start, *((path[0],) if path else ()), *((command[0],) if command else ())))
        ),
        message=f"code {code}: {said}".rstrip(": "),
        suggestion=(
            f"See what the install script of {package[1]} prints above; it often needs a compiler or a download "
            f"(npm rebuild {quote(package[1])} --foreground-scripts)"
        )
        if package
        else "",
        confidence=CERTAIN if installing else SYMPTOM,
    )


DETECTOR = Detector(
    "npm",
    (
        (
            r"npm (?:\x1b.{1,20})?(?:ERR!|error).{0,20} (?:code |Missing script|missing script|Lifecycle|Failed at"
            r"|Test failed|command failed)"
        ),
    ),
    find,
)
