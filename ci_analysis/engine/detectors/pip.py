"""pip: resolution, hashes, builds from source, requirement files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.categories import Category
from ci_analysis.engine.classify import classify
from ci_analysis.engine.detectors import CERTAIN, LIKELY, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository, is_library

NO_MATCH = re.compile(r"^\s*(?:ERROR: |  )?No matching distribution found for (?P<requirement>.+?)(?: \(from .*\))?$")
NO_VERSION = re.compile(r"Could not find a version that satisfies the requirement")
RETRYING = re.compile(
    r"Retrying \(Retry|NewConnectionError|ReadTimeoutError|ProxyError|Name or service not known"
    r"|Connection refused|SSLError"
)
CONFLICT = re.compile(
    r"^ERROR: Cannot install (?P<what>.+) because these package versions have conflicting dependencies\.$"
)
CONFLICT_OLD = re.compile(r"^ERROR: (?P<what>.+ has requirement .+, but you'll have .+ which is incompatible\.)$")
IMPOSSIBLE = re.compile(r"^ERROR: ResolutionImpossible")
HASH = re.compile(
    r"^ERROR: (?P<message>THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"
    r"|Hashes are required in --require-hashes mode"
    r"|In --require-hashes mode, all requirements must have their versions pinned)"
)
EVIDENCE_BELOW = re.compile(r"^\s{4,}\S")
OTHER_PYTHON = re.compile(
    r"^ERROR: (?P<message>Package '(?P<package>.+?)' requires a different Python: (?P<have>\S+) not in '(?P<want>.+)')"
)
NO_FILE = re.compile(r"^ERROR: (?P<message>Could not open requirements file: .*?'(?P<file>[^']+)')")
INVALID = re.compile(
    r"^ERROR: (?P<message>Invalid requirement: .*?)(?: \(from line (?P<line>\d{1,7}) of (?P<file>[^)]+)\))?$"
)
CHECK = re.compile(
    r"^(?P<message>(?P<package>\S+) \S+ (?:has requirement .+, but you have .+\."
    r"|requires .+, which is not installed\.))$"
)
OTHER = re.compile(
    r"^(?:ERROR|error): (?P<message>Could not install packages due to an? .+"
    r"|Directory '.+' is not installable.*|externally-managed-environment|HTTP error \d+ .+|"
    r"Could not find (?:an activated virtualenv|a tag or branch).*"
    r"|\S+ is not a supported wheel on this platform.*|Error \[Errno \d+\] .+ while executing command git.*"
    r"|\d{3} Client Error: .+)$"
)
BUILD = re.compile(r"^(?P<indent>\s*)╰─> \[\d+ lines of output\]$")
BUILD_OLD = re.compile(r"^(?P<indent>\s*)(?:ERROR: )?Command errored out with exit status \d+:")
BUILD_END = re.compile(r"^\s*\[end of output\]$|^\s*-{20,}$")
STEP = re.compile(r"^\s*(?:×|error: subprocess-exited|ERROR: Command errored)")
COMPILER = re.compile(
    r"^\s*(?P<file>[^\s:]+\.\w{1,5}):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?:fatal )?error: (?P<message>.+)$"
)
RAISED = re.compile(
    r"^\s*(?P<message>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|NotFound|Failure|InvalidVersion"
    r"|InvalidRequirement)\b(?:: .+)?)$"
)
SAID = re.compile(r"^\s*(?:error(?:\[\w+\])?|ERROR|fatal|CMake Error.*?):? (?P<message>(?!subprocess)\S.*)$")
FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d{1,7})')
FAILED_BUILD = re.compile(
    r"^\s*(?:ERROR: Failed building (?:wheel|editable) for (?P<package>\S+)|ERROR: (?:Could not build wheels"
    r"|Failed to build installable wheels) .*|error: (?:failed-wheel-build-for-install"
    r"|metadata-generation-failed)|Command \".{0,300}\" failed with error code \d+ in \S+)"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if found := NO_MATCH.match(text):
            yield no_match(log, number, found["requirement"])
        elif found := CONFLICT.match(text) or CONFLICT_OLD.match(text):
            yield conflict(log, number, found["what"])
        elif found := HASH.match(text):
            yield hashes(log, number, found["message"])
        elif found := OTHER_PYTHON.match(text):
            yield simple(
                number,
                found["message"],
                "dependency",
                (
                    f"Run the job with a Python that fits {found['want']} (actions/setup-python), or widen "
                    f"requires-python of {found['package']}"
                ),
            )
        elif found := NO_FILE.match(text):
            yield simple(
                number,
                found["message"],
                "configuration",
                f"Correct the path {found['file']} or the folder in which the step runs; the checkout must come first",
            )
        elif found := INVALID.match(text):
            yield simple(
                number,
                found["message"],
                "dependency",
                "Write the requirement as name==version; one requirement a line",
                found["file"],
                found["line"],
            )
        elif found := CHECK.match(text):
            yield simple(
                number,
                found["message"],
                "dependency",
                f"Bring {found['package']} and what it needs to versions that fit; see with: pip check",
            )
        elif found := OTHER.match(text):
            yield simple(number, found["message"], other_category(found["message"]), "")
        elif BUILD.match(text) or BUILD_OLD.match(text):
            yield build(log, number)
        elif failed := FAILED_BUILD.match(text):
            yield Diagnostic(
                failed[0].strip().split(": ", 1)[-1],
                "dependency",
                ((number, number),),
                text.strip(),
                confidence=SYMPTOM,
            )


def simple(
    number: int, message: str, category: Category, suggestion: str, file: str | None = None, line: str | None = None
) -> Diagnostic:
    return Diagnostic(
        f"pip: {message}"[:120],
        category,
        ((number, number),),
        message,
        file=file,
        line=int(line) if line else None,
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def other_category(message: str) -> Category:
    found = classify(message, "")
    return "configuration" if found == "unknown" or message == "externally-managed-environment" else found


def no_match(log: Log, number: int, requirement: str) -> Diagnostic:
    first = number - 1 if NO_VERSION.search(log.text(number - 1)) else number
    versions = log.text(first)
    offline = "from versions: none" in versions and log.find(RETRYING, first, max(1, first - 12))
    name = re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]
    if offline:
        return Diagnostic(
            title=f"The package index could not be reached for {name}",
            category="network",
            lines=((offline, offline), (first, number)),
            message=log.text(offline).strip(),
            suggestion=(
                "Run the job again; if it comes back, check the index's address and its credentials "
                "(PIP_INDEX_URL, pip.conf)"
            ),
            confidence=CERTAIN,
        )
    return Diagnostic(
        title=f"pip finds no version of {name} that fits",
        category="dependency",
        lines=((first, number),),
        message=f"No matching distribution found for {requirement}",
        suggestion=(
            f"See which versions there are for this Python: pip index versions {quote(name)}; then correct the "
            "requirement, or the index that is asked if the package is private"
        ),
        confidence=CERTAIN,
    )


def conflict(log: Log, number: int, what: str) -> Diagnostic:
    reasons = [
        n for n in range(number + 1, number + 15) if re.match(r"^\s{4}\S+.* (?:depends on|requested) ", log.text(n))
    ]
    end = log.find(IMPOSSIBLE, number, number + 60)
    lines = [(number, number)] + ([(reasons[0], reasons[-1])] if reasons else []) + ([(end, end)] if end else [])
    said = "; ".join(log.text(n).strip() for n in reasons[:3])
    return Diagnostic(
        title=f"Conflicting requirements: {what}"[:120],
        category="dependency",
        lines=tuple(lines),
        message=f"Cannot install {what} because of a conflict: {said}" if said else what,
        suggestion="Loosen or align the pins named here; see the chain with: pip install --dry-run -r <file>",
        confidence=CERTAIN,
    )


def hashes(log: Log, number: int, message: str) -> Diagnostic:
    mismatch = message.startswith("THESE")
    return Diagnostic(
        title="A download does not have the hash of the requirements file" if mismatch else "A requirement has no hash",
        category="dependency",
        lines=((number, log.run(number, EVIDENCE_BELOW, 6)),),
        message=message,
        suggestion="Write the file anew with pip-compile --generate-hashes (or uv pip compile --generate-hashes)"
        + (
            "; if nobody changed it, find out why the index now serves another file before accepting it"
            if mismatch
            else ""
        ),
        confidence=CERTAIN,
    )


def build(log: Log, number: int) -> Diagnostic:
    """A package's own build failed; its output is indented below, and its cause is one of these lines."""
    end = log.find(BUILD_END, number + 1, number + 2000) or min(log.last, number + 300)
    start = log.find(STEP, number, max(1, number - 6)) or number
    cause, found = cause_of(log, number + 1, end)
    message = found["message"].strip() if found else log.text(start).strip(" ×")
    fields = found.groupdict() if found else {}
    frame = own_frame(log, number + 1, cause) if "file" not in fields else None
    compiled = "file" in fields
    return Diagnostic(
        title=f"A package could not be built: {message}"[:120],
        category="compile" if compiled else build_category(message),
        lines=((cause, cause), *([(start, start)] if start != cause else [])) if found else ((start, number),),
        message=message,
        file=in_repository(fields["file"]) if compiled else in_repository(frame["file"]) if frame else None,
        line=int(fields["line"]) if compiled else int(frame["line"]) if frame else None,
        column=int(fields["column"]) if compiled else None,
        suggestion=build_suggestion(message),
        confidence=CERTAIN if found else LIKELY,
    )


def cause_of(log: Log, first: int, last: int) -> tuple[int, re.Match[str] | None]:
    """The first compiler error, else the last exception, else the last line that says error."""
    for pattern, numbers in (
        (COMPILER, range(first, last + 1)),
        (RAISED, range(last, first - 1, -1)),
        (SAID, range(last, first - 1, -1)),
    ):
        for number in numbers:
            if found := pattern.match(log.text(number)):
                return number, found
    return first, None


def own_frame(log: Log, first: int, last: int) -> re.Match[str] | None:
    frames = [f for f in (FRAME.match(log.text(n)) for n in range(first, last + 1)) if f]
    own = [f for f in frames if not is_library(f["file"]) and not f["file"].startswith("<") and "pip-" not in f["file"]]
    return own[-1] if own else None


def build_category(message: str) -> Category:
    found = classify(message, "")
    return found if found in ("network", "resource", "permission", "configuration") else "dependency"


def build_suggestion(message: str) -> str:
    if "Python.h" in message:
        return "Install Python's headers before pip runs: apt-get install -y python3-dev"
    if header := re.search(r"(?P<header>[\w/.-]+\.h(?:pp)?): No such file", message):
        return (
            f"The header {header['header']} belongs to a system library: install its -dev package before pip runs, "
            "or a version of the package that has a wheel for this Python"
        )
    if "pg_config" in message:
        return "Install PostgreSQL's headers (apt-get install -y libpq-dev) or require psycopg[binary]"
    if re.search(r"rust|cargo", message, re.IGNORECASE):
        return "Install a Rust toolchain before pip runs, or a version of the package that has a wheel for this Python"
    return (
        "Install a version of the package that has a wheel for this Python and platform (pip install "
        "--only-binary :all:), or what its build needs"
    )


DETECTOR = Detector(
    "pip",
    (
        r"No matching distribution found",
        r"because these package versions have conflicting",
        r"has requirement .{1,200}, but you",
        r"requires .{1,100}, which is not installed",
        (
            r"ERROR: (?:THESE PACKAGES|Hashes are required|In --require-hashes|Package '|Could not "
            r"|Invalid requirement|Directory '|HTTP error|Error \[Errno|[0-9]{3} Client"
            r"|.{1,200} is not a supported wheel)"
        ),
        r"externally-managed-environment",
        r"lines of output\]",
        r"Command errored out with exit status",
        r"ERROR: Fail.{0,40}(?:wheel|editable)",
        r"failed-wheel-build-for-install|metadata-generation-failed|failed with error code",
    ),
    find,
)
