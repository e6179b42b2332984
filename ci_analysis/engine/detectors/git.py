"""git's own errors: conflicts, references, authentication, the way to the server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, GENERIC, LIKELY, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CONFLICT = re.compile(r"^CONFLICT \((?:[^)]+)\): (?P<message>(?:Merge conflict in (?P<file>.+)|(?P<other>\S+) .+|.+))$")
PATCH = re.compile(
    r"^error: (?P<message>(?:patch failed: (?P<file>[^:]+):(?:\d{1,7})"
    r"|could not apply [0-9a-f]+\.\.\. .+|(?P<file2>\S+): patch does not apply))$"
)
REJECTED = re.compile(r"^ ! \[(?:remote )?rejected\]\s+(?P<ref>\S+) -> \S+ \((?P<why>.+)\)$")
COMMAND = re.compile(r"^(?:[\W_]{1,8}|Error: )?(?P<level>fatal|error|ERROR|remote): (?P<message>.+?)[\"',]{0,3}$")
# The first entry that is found in the message decides.
KINDS: tuple[tuple[Category, re.Pattern[str], str], ...] = (
    (
        "network",
        re.compile(
            r"Could not resolve host|Failed to connect to|Couldn't connect|Connection (?:timed out|refused"
            r"|reset)|early EOF|RPC failed|The remote end hung up|returned error: (?:5\d\d|429)"
            r"|unexpected disconnect|gnutls|SSL|server certificate",
            re.I,
        ),
        "Run it again; if it comes back, check the address and the service's status page.",
    ),
    (
        "permission",
        re.compile(
            r"could not read (?:Username|Password)|Authentication failed|Permission (?:to \S+ )?denied"
            r"|returned error: 40[13]|Invalid username or|Support for password authentication was removed"
            r"|not authorized|Write access to repository not granted|protected branch|GH006|GH013"
            r"|refusing to allow|Resource not accessible|Host key verification failed",
            re.I,
        ),
        (
            "Check the token and its rights: `permissions: contents: write` in the workflow, or the deploy "
            "key's write access."
        ),
    ),
    (
        "permission",
        re.compile(r"detected dubious ownership|unsafe repository", re.I),
        'Allow the folder in an earlier step: git config --global --add safe.directory "$GITHUB_WORKSPACE"',
    ),
    (
        "vcs",
        re.compile(
            r"Repository not found|repository '.+' (?:does not exist|not found)"
            r"|does not appear to be a git repository",
            re.I,
        ),
        "Check the address, and that the token may read the repository: git ls-remote <url>",
    ),
    (
        "vcs",
        re.compile(
            r"No names found, cannot describe|No tags can describe|no upstream|unknown revision"
            r"|bad revision|ambiguous argument|invalid reference|couldn't find remote ref"
            r"|Remote branch .+ not found|not a valid object name|reference is not a tree"
            r"|upload-pack: not our ref|pathspec '.+' did not match|shallow|no merge base"
            r"|refusing to merge unrelated",
            re.I,
        ),
        (
            "Fetch more history and tags: actions/checkout with fetch-depth: 0, or git fetch --tags "
            "--unshallow; check the name with git branch -a."
        ),
    ),
    (
        "vcs",
        re.compile(r"not a git repository", re.I),
        "Check the repository out in an earlier step (actions/checkout), and run the command inside it.",
    ),
    (
        "vcs",
        re.compile(
            r"failed to push some refs|Updates were rejected|non-fast-forward|cannot lock ref|fetch first", re.I
        ),
        "Somebody pushed before: git pull --rebase, then push again.",
    ),
    (
        "vcs",
        re.compile(
            r"would be overwritten by (?:checkout|merge)|Your local changes|uncommitted changes"
            r"|unmerged files|Exiting because of an unresolved conflict|cannot (?:rebase|pull)",
            re.I,
        ),
        "Commit or discard what the job changed before this command: git status --short",
    ),
    (
        "vcs",
        re.compile(
            r"clone of '.+' into submodule path|Unable to (?:checkout|find current revision"
            r"|fetch in submodule path)|No url found for submodule|Fetched in submodule path",
            re.I,
        ),
        "Check .gitmodules and the recorded commit: git submodule status",
    ),
    (
        "configuration",
        re.compile(r"Please tell me who you are|empty ident|unable to auto-detect email|Author identity unknown", re.I),
        "Set them in the job: git config --global user.email <mail> && git config --global user.name <name>",
    ),
    (
        "resource",
        re.compile(r"No space left on device|cannot allocate memory|unable to create thread|Out of memory", re.I),
        "Free space or memory on the runner; a shallow clone needs less: fetch-depth: 1",
    ),
    (
        "resource",
        re.compile(r"Unable to create '.+\.lock': File exists", re.I),
        "Another git runs in that folder, or one died; remove the lock file.",
    ),
    (
        "dependency",
        re.compile(r"git-lfs.*not found|smudge filter lfs failed|Object does not exist on the server|LFS", re.I),
        "Install Git LFS and check its quota: git lfs env",
    ),
)
# Scripts and build tools that ask git for a version or a merge base often live on after such an answer.
SURVIVED = re.compile(
    r"No names found|No tags can describe|not a valid object name|unknown revision|bad revision"
    r"|ambiguous argument|no upstream|not a git repository",
    re.I,
)
DIFF = re.compile(r"^diff --git a/(?P<file>\S+) b/\S+$")
CHANGED = re.compile(r"^\s+(?:modified|new file|deleted):   (?P<file>\S+)$")
CONSEQUENCE = re.compile(r"^(?:clone of '|failed to push some refs|could not apply)")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if conflict := CONFLICT.match(text):
            file = conflict["file"] or conflict["other"]
            yield vcs(
                number,
                f"Merge conflict in {file}" if file else conflict["message"],
                conflict["message"],
                file,
                "Merge or rebase the base branch, resolve it and push.",
            )
        elif patch := PATCH.match(text):
            yield vcs(
                number,
                patch["message"],
                patch["message"],
                patch["file"] or patch["file2"],
                "Bring the patch in line with the file: git apply --3way <patch>",
                CERTAIN if patch["file"] else LIKELY,
            )
        elif rejected := REJECTED.match(text):
            yield rejected_push(log, number, rejected)
        elif command := COMMAND.match(text):
            yield from told(number, command)


def vcs(
    number: int, title: str, message: str, file: str | None, advice: str, confidence: float = CERTAIN
) -> Diagnostic:
    return Diagnostic(title[:120], "vcs", ((number, number),), message, file, suggestion=advice, confidence=confidence)


def rejected_push(log: Log, number: int, rejected: re.Match[str]) -> Diagnostic:
    failed = log.find(re.compile(r"^error: failed to push some refs"), number + 1, number + 12)
    kind: Category = "permission" if re.search(r"protected|declined|GH0|permission", rejected["why"]) else "vcs"
    return Diagnostic(
        title=f"Push of {rejected['ref']} was rejected: {rejected['why']}"[:120],
        category=kind,
        lines=((number, number), (failed, failed)) if failed else ((number, number),),
        message=log.text(failed) if failed else log.text(number).strip(),
        suggestion="The branch is protected: push by a pull request, or let the token's owner bypass the rule."
        if kind == "permission"
        else "Somebody pushed before: git pull --rebase, then push again.",
        confidence=CERTAIN,
    )


def told(number: int, command: re.Match[str]) -> Iterator[Diagnostic]:
    message = command["message"]
    for kind, pattern, advice in KINDS:
        if pattern.search(message):
            weak = command["level"] == "remote" or CONSEQUENCE.match(message)
            confidence = GENERIC if SURVIVED.search(message) else LIKELY if weak else CERTAIN
            yield Diagnostic(
                f"git: {message}"[:120],
                kind,
                ((number, number),),
                message,
                suggestion=advice,
                confidence=confidence,
            )
            return
    if command["level"] == "fatal" and "git" in message:
        yield Diagnostic(f"git: {message}"[:120], "vcs", ((number, number),), message, confidence=SYMPTOM)


def find_changes(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    """`git diff --exit-code` fails a job by printing what a generator or formatter changed."""
    for number in hits:
        text = log.text(number)
        changed = DIFF.match(text) or CHANGED.match(text)
        if changed:
            file = changed["file"]
            end = log.run(number, re.compile(r"^(?:index |---|\+\+\+|@@|[-+ ])"), 15) if DIFF.match(text) else number
            yield Diagnostic(
                title=f"{file} is not what the job generates or formats",
                category="lint",
                lines=((number, end),),
                message=f"{file} differs from what is committed",
                file=file,
                suggestion=f"Run the generator or formatter of this step here and commit the result: git add {file}",
                confidence=GENERIC,
            )


DETECTORS = (
    Detector("git diff", (r"diff --git a/", r"(?:modified|new file|deleted):   "), find_changes),
    Detector(
        "git",
        (
            r"CONFLICT \(",
            r"fatal: ",
            (
                r"error: (?:pathspec|failed to push|could not|patch failed|\S{1,200}: patch|Your local|Updates"
                r"|cannot |RPC|Unable|unable|unmerged|The requested)"
            ),
            (
                r"(?:ERROR|remote): (?:error|ERROR|fatal|Permission|Write|Invalid|Repository|Support|HTTP"
                r"|Resource|Too many|- )"
            ),
            r"! \[(?:remote )?rejected\]",
        ),
        find,
    ),
)
