"""Django's commands: system checks, migrations and other CommandErrors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

CHECK = re.compile(r"^(?P<where>\S.*?): \((?P<code>[a-z_]+\.[EWC]\d{3})\) (?P<message>.+)$")
SEVERITY = re.compile(r"^(?P<severity>CRITICALS|ERRORS|WARNINGS|INFOS|DEBUGS):$")
HINT = re.compile(r"^\s+HINT: (?P<hint>.+)$")
FAILED = re.compile(r"^(?:[\w.]*\.)?SystemCheckError: ")
COMMAND = re.compile(r"^(?:[\w.]*\.)?(?P<message>CommandError: .+)$")
MIGRATIONS = re.compile(r"^Migrations for '(?P<app>[\w.]+)':$")
MIGRATION_FILE = re.compile(r"^\s+(?P<file>\S+[\\/]\d{4}_\w+\.py)$")
OPERATION = re.compile(r"^\s+(?P<operation>[+~-] .+|- .+)$")
UNAPPLIED = re.compile(
    r"^(?P<message>(?:[\w.]*\.)?(?:NodeNotFoundError|InconsistentMigrationHistory|InvalidBases|BadMigrationError): .+)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if check := CHECK.match(text):
            yield from failed_check(log, number, check)
        elif command := COMMAND.match(text):
            yield command_error(number, command["message"])
        elif migrations := MIGRATIONS.match(text):
            yield from missing_migration(log, number, migrations["app"])
        elif unapplied := UNAPPLIED.match(text):
            yield Diagnostic(
                unapplied["message"][:120],
                "configuration",
                ((number, number),),
                unapplied["message"],
                suggestion=(
                    "Repair the chain of migrations (dependencies, a file that was not committed): python "
                    "manage.py showmigrations --plan"
                ),
                confidence=CERTAIN,
            )


def failed_check(log: Log, number: int, check: re.Match[str]) -> Iterator[Diagnostic]:
    """Checks fail a command from the severity ERROR on, or from the one that --fail-level names."""
    heading = log.find(SEVERITY, number - 1, max(1, number - 60))
    if not heading:
        return
    severity = SEVERITY.match(log.text(heading))
    serious = bool(severity) and severity["severity"] in ("CRITICALS", "ERRORS") if severity else False
    raised = log.find(FAILED, heading, max(1, heading - 40))
    if not serious and not raised:
        return
    hint = HINT.match(log.text(number + 1))
    yield Diagnostic(
        title=f"System check {check['code']}: {check['message']}"[:120],
        category="configuration",
        lines=((number, number + 1 if hint else number),),
        message=f"({check['code']}) {check['where']}: {check['message']}",
        suggestion=f"{hint['hint'] if hint else 'Correct what the check names'} Check with: python manage.py check",
        confidence=CERTAIN if serious else LIKELY,
    )


def command_error(number: int, message: str) -> Diagnostic:
    suggestion = "Run the command here with the settings of the job"
    if "Conflicting migrations" in message:
        suggestion = (
            "Two branches added a migration: merge them and commit the result: python manage.py makemigrations --merge"
        )
    elif "Your models" in message or "No changes" in message:
        suggestion = "Create the migration and commit it: python manage.py makemigrations"
    return Diagnostic(
        message[:120], "configuration", ((number, number),), message, suggestion=suggestion, confidence=CERTAIN
    )


def missing_migration(log: Log, number: int, app: str) -> Iterator[Diagnostic]:
    """`makemigrations --check --dry-run` prints the migration that it would write, and fails."""
    file = MIGRATION_FILE.match(log.text(number + 1))
    if not file:
        return
    last = log.run(number + 1, OPERATION, 50)
    operations = [log.text(n).strip(" -") for n in range(number + 2, last + 1)]
    yield Diagnostic(
        title=f"The models of {app} have changes that no migration has",
        category="configuration",
        lines=((number, last),),
        message="; ".join(operations[:5]) or log.text(number),
        file=in_repository(file["file"]),
        suggestion=f"Create the migration and commit it: python manage.py makemigrations {app}",
        confidence=LIKELY,  # without --check the same lines are printed when the files are written
    )


DETECTOR = Detector(
    "django",
    (
        r": \([a-z_]{2,40}\.[EWC][0-9]{3}\) ",
        r"CommandError: ",
        r"Migrations for '",
        r"NodeNotFoundError: |InconsistentMigrationHistory: |InvalidBases|BadMigrationError: ",
    ),
    find,
)
