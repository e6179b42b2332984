"""uv, Poetry, Pipenv, PDM and conda."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository


@dataclass(frozen=True)
class Form:
    """A sentence of a tool: what it means and what to do. Below it `below` lines belong to it."""

    pattern: re.Pattern[str]
    category: Category
    title: str
    suggestion: str
    below: int = 0


def form(pattern: str, category: Category, title: str, suggestion: str, below: int = 0) -> Form:
    return Form(re.compile(pattern), category, title, suggestion, below)


LOCK_UV = "Renew the lock file and commit it: uv lock"
LOCK_POETRY = "Renew the lock file and commit it: poetry lock"
NETWORK = "Run the job again; if it comes back, check the index's address, its credentials and the proxy"
UNSATISFIABLE = "Align the requirements that the lines name: loosen a pin or choose versions that fit each other"
FORMS = (
    form(
        r"^(?:error: |\s*× )(?P<message>No solution found when resolving .*)",
        "dependency",
        "uv finds no versions that fit together",
        UNSATISFIABLE,
        8,
    ),
    form(
        r"^error: (?P<message>The lockfile at `?.+`? needs to be updated.*)",
        "dependency",
        "uv.lock does not fit pyproject.toml",
        LOCK_UV,
        1,
    ),
    form(r"^error: (?P<message>Unable to find lockfile at .*)", "dependency", "uv.lock is missing", LOCK_UV, 1),
    form(
        r"^error: (?P<message>Failed to spawn: `?(?P<name>[\w./-]+)`?.*)",
        "configuration",
        "{name} is not installed or not on the path",
        "Add {name} to the dependencies that uv syncs (uv add --dev {name}), or correct its name",
        1,
    ),
    form(
        r"^(?:error: |\s*× )(?P<message>Failed to (?:fetch|download):? .*)",
        "network",
        "uv could not download a package",
        NETWORK,
        3,
    ),
    form(
        r"^(?:error: |\s*× )(?P<message>Failed to build:? .*)",
        "dependency",
        "uv could not build a package",
        "See the package's own output below; a version with a wheel for this Python avoids the build",
        3,
    ),
    form(
        (
            r"^error: (?P<message>(?:Failed to parse: `pyproject\.toml`|No `pyproject\.toml` found"
            r"|Failed to parse `.+`).*)"
        ),
        "configuration",
        "uv cannot read the project",
        "Correct pyproject.toml, or the folder in which the step runs",
        4,
    ),
    form(
        r"^error: (?P<message>No interpreter found for .*)",
        "configuration",
        "The wanted Python is not there",
        "Install it first: uv python install",
        0,
    ),
    form(
        r"^(?P<message>pyproject\.toml changed significantly since poetry\.lock was last generated.*)",
        "dependency",
        "poetry.lock does not fit pyproject.toml",
        LOCK_POETRY,
    ),
    form(
        (
            r"^(?:Error: )?(?P<message>(?:poetry\.lock is not (?:consistent with|up to date with) pyproject\.toml"
            r"|The lock file is not (?:compatible|up to date)).*)"
        ),
        "dependency",
        "poetry.lock does not fit pyproject.toml",
        LOCK_POETRY,
    ),
    form(
        r"^(?P<message>(?:Because .+,? )?(?:.* )?version solving failed\.?)$",
        "dependency",
        "Poetry finds no versions that fit together",
        UNSATISFIABLE,
    ),
    form(
        r"^(?:\s*- )?(?P<message>All attempts to connect to \S+ failed\.)",
        "network",
        "Poetry could not reach the package index",
        NETWORK,
    ),
    form(
        r"^(?P<message>Invalid TOML file (?P<name>\S+): .*)",
        "configuration",
        "{name} is not valid TOML",
        "Correct the place that the message names",
        0,
    ),
    form(
        r"^(?P<message>(?:Error: )?The Poetry configuration is invalid:.*)",
        "configuration",
        "The Poetry configuration is invalid",
        "Correct the keys listed below; check with: poetry check",
        4,
    ),
    form(
        r"^\s*(?:- )?(?P<message>Unable to find installation candidates for (?P<name>\S+).*)",
        "dependency",
        "No file of {name} fits this platform and Python",
        "Renew the lock file for this Python (poetry lock), or choose a version that has files for it",
        0,
    ),
    form(
        r"^(?P<message>Could not find a matching version of package (?P<name>\S+))",
        "dependency",
        "There is no version of {name} that fits",
        "Correct the name or the version range",
        0,
    ),
    form(
        r"^Command not found: (?P<name>\S+)$",
        "configuration",
        "{name} is not installed in Poetry's environment",
        "Install the group that has it (poetry install --with dev), or correct its name",
    ),
    form(
        r"^(?P<message>Your Pipfile\.lock \(\w+\) is out of date\..*)",
        "dependency",
        "Pipfile.lock does not fit Pipfile",
        "Renew the lock file and commit it: pipenv lock",
    ),
    form(
        r"^(?:\[?pipenv\.\S+ResolutionFailure\]?: |.*)(?P<message>Your dependencies could not be resolved\. .*)",
        "dependency",
        "Pipenv finds no versions that fit together",
        UNSATISFIABLE,
    ),
    form(
        r"^(?:\S+: )?(?P<message>Lock ?file hash doesn't match pyproject\.toml.*)",
        "dependency",
        "pdm.lock does not fit pyproject.toml",
        "Renew the lock file and commit it: pdm lock",
    ),
    form(
        r"^(?P<message>(?:PackagesNotFoundError|ResolvePackageNotFound):.*)",
        "dependency",
        "conda does not find a package",
        "Correct the name or version, or add the channel that has it (-c conda-forge)",
        5,
    ),
    form(
        r"^(?P<message>(?:\w*UnsatisfiableError|LibMambaUnsatisfiableError): .*)",
        "dependency",
        "conda finds no versions that fit together",
        UNSATISFIABLE,
        5,
    ),
    form(
        r"^(?:critical libmamba )?(?P<message>Could not solve for environment specs.*)",
        "dependency",
        "conda finds no versions that fit together",
        UNSATISFIABLE,
        8,
    ),
    form(r"^(?P<message>CondaHTTPError: .*)", "network", "conda could not download", NETWORK, 2),
)
ENTRY = re.compile(r"^\s+\S|^$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        for known in FORMS:
            if found := known.pattern.match(text):
                yield diagnostic(log, number, known, found)
                break


def diagnostic(log: Log, number: int, known: Form, found: re.Match[str]) -> Diagnostic:
    fields = found.groupdict()
    name = in_repository(fields.get("name") or "")
    last = min(log.run(number, re.compile(r"^\s+\S"), 40), number + known.below)
    message = fields.get("message") or found[0]
    return Diagnostic(
        title=known.title.format(name=name),
        category=known.category,
        lines=((number, last),),
        message=message.strip(),
        file=name if name.endswith(".toml") else None,
        suggestion=known.suggestion.format(name=name),
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "python packages",
    (
        r"No solution found when resolving",
        r"The lockfile at |Unable to find lockfile",
        r"Failed to (?:spawn|fetch|download|build|parse)",
        r"No `pyproject\.toml` found|No interpreter found for",
        r"since poetry\.lock was last|poetry\.lock is not|The lock file is not",
        r"version solving failed",
        r"All attempts to connect to",
        r"Invalid TOML file|Poetry configuration is invalid",
        r"Unable to find installation candidates|Could not find a matching version of package|Command not found: ",
        r"Pipfile\.lock .{1,90} is out of date|dependencies could not be resolved|Lock ?file hash doesn't match",
        (
            r"PackagesNotFoundError|ResolvePackageNotFound|UnsatisfiableError|Could not solve for environment"
            r"|CondaHTTPError"
        ),
    ),
    find,
)
