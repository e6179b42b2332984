"""tox and nox: what they themselves could not do. Failures of the commands they run are the commands' own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

NOT_FOUND = re.compile(
    r"^(?P<env>[\w.-]+): Exception running subprocess \[Errno 2\] No such file or directory: '(?P<command>[^']+)'"
)
NOT_FOUND_OLD = re.compile(
    r"^ERROR: (?:InvocationError for command )?could not find executable '?(?P<command>[^' ]+)'?"
)
NOT_ALLOWED = re.compile(
    r"^(?P<env>[\w.-]+): (?P<message>failed with "
    r"(?P<command>\S+) \(resolves to .+\) is not allowed, use allowlist_externals to allow it)"
)
PROGRAM = re.compile(r"^nox > Program (?P<command>\S+) not found\.?$")
NO_PYTHON = re.compile(
    r"^(?:(?P<env>[\w.-]+): (?:failed with |skipped because )?(?P<message>could not find python interpreter.*)"
    r"|ERROR: (?P<old>InterpreterNotFound: .+)|nox > (?P<nox>Session \S+ (?:failed"
    r"|skipped): Python interpreter \S+ not found\.?))$"
)
NO_ENV = re.compile(
    r"^ROOT: HandledError\| (?P<message>provided environments not found in configuration file:?)(?P<rest>.*)$"
)
NO_ENV_OLD = re.compile(r"^ERROR: (?P<message>unknown environment '.+')$")
NO_SESSION = re.compile(r"^nox > Error while collecting sessions\.$")
FAILED = re.compile(
    r"^(?:  (?P<env>[\w.-]+): FAIL (?:code \d+|✖).*|nox > (?:Session .+ failed\."
    r"|Command .+ failed with exit code \d+:?)|ERROR:   \S+: commands failed"
    r"|ERROR: InvocationError for command .+)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if found := NOT_FOUND.match(text) or NOT_FOUND_OLD.match(text) or PROGRAM.match(text):
            command = found["command"].split("/")[-1]
            yield failure(
                number,
                number,
                f"{command} is not installed in the environment",
                text,
                f"Add {command} to the deps of this environment, or correct its name in the configuration",
            )
        elif found := NOT_ALLOWED.match(text):
            yield failure(
                number,
                number,
                f"{found['command']} is not allowed in this environment",
                found["message"],
                f"Add {found['command']} to allowlist_externals, or install it by deps",
            )
        elif found := NO_PYTHON.match(text):
            said = found["message"] or found["old"] or found["nox"]
            yield failure(
                number,
                number,
                "The Python of this environment is not installed",
                said,
                (
                    "Install that Python in the job (actions/setup-python takes several versions), or take the "
                    "environment out of the list"
                ),
            )
        elif found := NO_ENV.match(text):
            yield failure(
                number,
                min(number + 1, log.last),
                "The environment does not exist",
                f"{found['message']} {log.text(number + 1).strip()}",
                "Correct the name; see which there are: tox list",
            )
        elif found := NO_ENV_OLD.match(text):
            yield failure(
                number,
                number,
                "The environment does not exist",
                found["message"],
                "Correct the name; see which there are: tox -a",
            )
        elif NO_SESSION.match(text):
            yield failure(
                max(1, number - 1),
                number,
                "nox could not collect its sessions",
                log.text(number - 1).removeprefix("nox > "),
                "Correct the session's name; see which there are: nox --list",
            )
        elif FAILED.match(text):
            yield Diagnostic(
                "A command of the environment failed", "unknown", ((number, number),), text.strip(), confidence=SYMPTOM
            )


def failure(first: int, last: int, title: str, message: str, suggestion: str) -> Diagnostic:
    return Diagnostic(title, "configuration", ((first, last),), message, suggestion=suggestion, confidence=CERTAIN)


DETECTOR = Detector(
    "tox/nox",
    (
        r"Exception running subprocess \[Errno 2\]",
        r"could not find executable ",
        r"use allowlist_externals",
        r"nox > ",
        r"python interpreter|InterpreterNotFound",
        r"ROOT: HandledError",
        r"ERROR: unknown environment",
        r": FAIL (?:code|\xe2\x9c\x96)",
        r"ERROR:   .{1,60}: commands failed|InvocationError for command",
    ),
    find,
)
