"""pnpm and Yarn (classic and modern)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

PNPM = re.compile(
    r"^(?:.{0,300}: )?(?:Error: )?\s*(?P<code>ERR_PNPM_[A-Z0-9_]+)\s*(?P<message>.*)$|^\s*"
    r"(?P<lifecycle>ELIFECYCLE)\s+(?P<rest>.*)$"
)
SAID = re.compile(r"^\s*(?:╰─▶ |× |│ )?(?P<said>\S.*)$")
YARN = re.compile(r"^error (?P<message>\S.*)$")
BERRY = re.compile(r"^(?:➤ )?(?P<code>YN\d{4}): (?:[│┌└├· ]*)(?P<message>.+)$")
BERRY_USAGE = re.compile(r"^(?:Usage Error|Internal Error): (?P<message>.+)$")
LOCK_DIFF = re.compile(r"^YN0028: |^➤ YN0028: ")

# By code: category, title and suggestion.
CODES: dict[str, tuple[Category, str, str]] = {
    "OUTDATED_LOCKFILE": (
        "dependency",
        "pnpm-lock.yaml does not fit package.json",
        "Renew the lock file and commit it: pnpm install --lockfile-only",
    ),
    "NO_LOCKFILE": (
        "dependency",
        "pnpm-lock.yaml is missing",
        "Create the lock file and commit it: pnpm install --lockfile-only",
    ),
    "LOCKFILE_BREAKING_CHANGE": (
        "dependency",
        "pnpm-lock.yaml was written by another version of pnpm",
        "Use the same pnpm in the job (packageManager in package.json), or renew the lock file",
    ),
    "LOCKFILE_CONFIG_MISMATCH": (
        "dependency",
        "pnpm-lock.yaml was written with other settings",
        "Renew the lock file and commit it: pnpm install --no-frozen-lockfile",
    ),
    "NO_SCRIPT": (
        "configuration",
        "package.json has no such script",
        "Correct the script's name; see which there are: pnpm run",
    ),
    "NO_SCRIPT_OR_SERVER": (
        "configuration",
        "package.json has no such script",
        "Correct the script's name; see which there are: pnpm run",
    ),
    "FETCH_404": (
        "dependency",
        "pnpm does not find a package",
        "Correct the name or the version; for a private package give the job a token and the right registry (.npmrc)",
    ),
    "FETCH_401": (
        "permission",
        "The registry refused the login",
        "Give the step a valid token; runs of forks get no secrets",
    ),
    "FETCH_403": ("permission", "The registry refused the request", "Check the rights of the token"),
    "NO_MATCHING_VERSION": (
        "dependency",
        "pnpm finds no version that fits",
        "Choose a version that exists: pnpm view <package> versions",
    ),
    "NO_MATCHING_VERSION_INSIDE_WORKSPACE": (
        "dependency",
        "The workspace has no version that fits",
        "Bring the version of the workspace's package and the range that wants it together",
    ),
    "WORKSPACE_PKG_NOT_FOUND": (
        "dependency",
        "A package of the workspace is not there",
        "Correct its name, or the folders in pnpm-workspace.yaml",
    ),
    "PEER_DEP_ISSUES": (
        "dependency",
        "Peer dependencies do not fit",
        "Bring the packages to versions that fit; see pnpm why <package>",
    ),
    "UNSUPPORTED_ENGINE": (
        "configuration",
        "This Node.js or pnpm is not supported by a package",
        "Run the job with the wanted version (node-version, packageManager in package.json)",
    ),
    "NO_PKG_MANIFEST": (
        "configuration",
        "There is no package.json here",
        "Run pnpm in the folder that has package.json (working-directory), after the checkout",
    ),
    "NO_IMPORTER_MANIFEST_FOUND": (
        "configuration",
        "There is no package.json here",
        "Run pnpm in the folder that has package.json (working-directory), after the checkout",
    ),
    "TARBALL_INTEGRITY": (
        "dependency",
        "A download does not have the hash of the lock file",
        "If nobody changed the lock file, clear the store and run again (pnpm store prune)",
    ),
    "META_FETCH_FAIL": (
        "network",
        "pnpm could not reach the registry",
        "Run the job again; if it comes back, check the registry's address",
    ),
    "BAD_PM_VERSION": (
        "configuration",
        "Another version of pnpm is wanted",
        "Install the version that packageManager in package.json names (pnpm/action-setup reads it)",
    ),
    "IGNORED_BUILDS": (
        "dependency",
        "pnpm did not run build scripts that it must be allowed to run",
        "Allow those that are needed: pnpm approve-builds, and commit",
    ),
}
ONLY_FOLLOWS = ("RECURSIVE_RUN_FIRST_FAIL", "RECURSIVE_EXEC_FIRST_FAIL", "RECURSIVE_FAIL", "LIFECYCLE")

YARN_FORMS: tuple[tuple[re.Pattern[str], Category, str, str], ...] = (
    (
        re.compile(r"Your lockfile needs to be updated"),
        "dependency",
        "yarn.lock does not fit package.json",
        "Renew the lock file and commit it: yarn install",
    ),
    (
        re.compile(r"Couldn't find any versions for \"(?P<name>[^\"]+)\""),
        "dependency",
        "There is no version of {name} that fits",
        "Choose a version that exists: yarn info {name} versions",
    ),
    (
        re.compile(r"Couldn't find package \"(?P<name>[^\"]+)\""),
        "dependency",
        "Yarn does not find {name}",
        "Correct the name; for a private package give the job a token and the right registry",
    ),
    (
        re.compile(r"The engine \"(?P<name>\w+)\" is incompatible"),
        "configuration",
        "This {name} is not supported by a package",
        "Run the job with a version that the message names (node-version of actions/setup-node)",
    ),
    (
        re.compile(r"Command \"(?P<name>[^\"]+)\" not found"),
        "configuration",
        "There is no script or program {name}",
        "Correct the name, or install the package that has it; see which there are: yarn run",
    ),
    (
        re.compile(r"Couldn't find a package\.json"),
        "configuration",
        "There is no package.json here",
        "Run Yarn in the folder that has package.json (working-directory)",
    ),
    (
        re.compile(r"Integrity check failed"),
        "dependency",
        "A download does not have the hash of yarn.lock",
        "If nobody changed the lock file, clear the cache and run again (yarn cache clean)",
    ),
    (
        re.compile(
            r"An unexpected error occurred: \".*(?:ETIMEDOUT|ESOCKETTIMEDOUT|ECONNRE|ENOTFOUND|50\d|tunneling socket)"
        ),
        "network",
        "Yarn could not reach the registry",
        "Run the job again; if it comes back, raise --network-timeout or check the registry",
    ),
    (
        re.compile(r"An unexpected error occurred: \".*(?:401|403|Unauthorized|Forbidden)"),
        "permission",
        "The registry refused the request",
        "Give the step a valid token; runs of forks get no secrets",
    ),
    (
        re.compile(r"An unexpected error occurred: "),
        "dependency",
        "Yarn could not install",
        "See the message; run the same command here",
    ),
    (
        re.compile(r"(?:/|[A-Za-z]:\\).*node_modules.*: Command failed\."),
        "dependency",
        "The install script of a package failed",
        "See what the script prints below; it often needs a compiler or a download",
    ),
)
BERRY_CODES: dict[str, tuple[Category, str, str]] = {
    "YN0028": ("dependency", "yarn.lock does not fit package.json", "Renew the lock file and commit it: yarn install"),
    "YN0009": ("dependency", "A package could not be built", "See the build log that the message names"),
    "YN0035": (
        "dependency",
        "The registry does not have a package",
        "Correct the name or version; for a private package give the job a token",
    ),
    "YN0082": ("dependency", "There is no version that fits", "Choose a version that exists: yarn npm info <package>"),
    "YN0027": ("dependency", "There is no version that fits", "Choose a version that exists: yarn npm info <package>"),
    "YN0018": (
        "dependency",
        "A download does not have the hash of yarn.lock",
        "If nobody changed it, clear the cache; else YARN_CHECKSUM_BEHAVIOR=update yarn install and commit",
    ),
    "YN0001": ("dependency", "Yarn could not install", "See the message; run the same command here"),
    "YN0041": (
        "permission",
        "The registry refused the login",
        "Give the step a valid token (npmAuthToken); runs of forks get no secrets",
    ),
}


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if pnpm := PNPM.match(text):
            yield pnpm_error(log, number, pnpm)
        elif berry := BERRY.match(text):
            yield from berry_error(number, berry)
        elif usage := BERRY_USAGE.match(text):
            category: Category = "dependency" if "lockfile" in usage["message"] else "configuration"
            yield Diagnostic(
                usage["message"][:120],
                category,
                ((number, number),),
                usage["message"],
                suggestion="Run the same command here with the Yarn that packageManager in package.json names",
                confidence=CERTAIN,
            )
        elif yarn := YARN.match(text):
            yield from yarn_error(number, yarn["message"])


def pnpm_error(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    code = (found["code"] or "LIFECYCLE").removeprefix("ERR_PNPM_")
    message = found["message"] or found["rest"] or ""
    last = number
    if not message:  # pnpm 12 puts the message below
        said = next((n for n in range(number + 1, number + 5) if "╰─▶" in log.text(n) or "×" in log.text(n)), number)
        deepest = next((n for n in range(said, said + 4) if "╰─▶" in log.text(n)), said)
        matched = SAID.match(log.text(deepest))
        message, last = (matched["said"] if matched else ""), deepest
    if code in ONLY_FOLLOWS:
        return Diagnostic(
            "A script failed",
            "unknown",
            ((number, number),),
            f"{found['code'] or 'ELIFECYCLE'} {message}".strip(),
            confidence=SYMPTOM,
        )
    category, title, suggestion = CODES.get(
        code, ("dependency", f"pnpm: {message or code}"[:120], "See the message; run the same command here")
    )
    detail = (
        log.text(number + 4).strip()
        if code == "FETCH_404" and "is not in the npm registry" in log.text(number + 4)
        else ""
    )
    lines = [(number, last)] + ([(number + 4, number + 4)] if detail else [])
    return Diagnostic(
        title,
        category,
        tuple(lines),
        f"ERR_PNPM_{code} {message} {detail}".strip(),
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def berry_error(number: int, found: re.Match[str]) -> Iterator[Diagnostic]:
    known = BERRY_CODES.get(found["code"])
    if known and found["message"][:1] not in "+- ":  # YN0028 also marks each line of the lock file's diff
        category, title, suggestion = known
        yield Diagnostic(
            title,
            category,
            ((number, number),),
            f"{found['code']}: {found['message']}",
            suggestion=suggestion,
            confidence=CERTAIN,
        )


def yarn_error(number: int, message: str) -> Iterator[Diagnostic]:
    for pattern, category, title, suggestion in YARN_FORMS:
        if found := pattern.search(message):
            name = found.groupdict().get("name") or ""
            yield Diagnostic(
                title.format(name=name),
                category,
                ((number, number),),
                message,
                suggestion=suggestion.format(name=quote(name)),
                confidence=CERTAIN,
            )
            return
    if message.startswith(("Command failed with", "Found incompatible module")):
        yield Diagnostic("A script failed", "unknown", ((number, number),), message, confidence=SYMPTOM)


DETECTOR = Detector(
    "pnpm/yarn",
    (
        r"ERR_PNPM_[A-Z]",
        r"ELIFECYCLE",
        r"\bYN00(?:01|09|18|27|28|35|41|82)",
        r"(?:Usage|Internal) Error: ",
        (
            r"error.{0,12} (?:Your lockfile|Couldn't find|.{1,100}The engine|Command |Integrity check"
            r"|An unexpected error|.{1,200}Command failed)"
        ),
    ),
    find,
)
