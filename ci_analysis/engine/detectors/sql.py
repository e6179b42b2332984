"""psql, PostgreSQL through any client, MySQL's client, sqlfluff and Alembic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

PSQL = re.compile(
    r"^psql:(?:(?P<file>[^\s:]+):(?P<line>\d{1,7}): )?\s*(?:error: )?(?P<message>.*?(?:ERROR|FATAL|PANIC"
    r"|error): +.+|connection to server .+ failed: .+|could not (?:connect|translate) .+)$"
)
PSQL_BARE = re.compile(r"^psql: (?:error: )?(?P<message>.+)$")
MYSQL = re.compile(
    r"^ERROR (?P<code>\d{4}) \((?P<state>\w{5})\)(?: at line (?P<line>\d{1,7}))?(?: in file: '(?P<file>[^']+)')?: "
    r"(?P<message>.+)$"
)
CONTEXT = re.compile(r"^(?:LINE \d+: |DETAIL: |HINT: |CONTEXT: |QUERY: |\s+\^)")
FLUFF_FILE = re.compile(r"^== \[(?P<file>[^\]]+)\] FAIL$")
FLUFF = re.compile(
    r"^L: +(?P<line>\d{1,7}) \| P: +(?P<column>\d{1,7}) \| +(?P<code>[A-Z]{2,3}\d{0,3}) \| (?P<message>.+)$"
)
FLUFF_MORE = re.compile(r"^\s+\| (?P<more>.+)$")
ALEMBIC = re.compile(
    r"^(?:ERROR \[alembic\.\S+\] +)?(?:FAILED|Error): (?P<message>(?:Multiple head revisions"
    r"|New upgrade operations detected|Can't locate revision|Target database is not up to date"
    r"|No such revision|Requested revision|Path doesn't exist|No (?:'script_location'|config file)).*)$"
)
ALEMBIC_RAISED = re.compile(r"^(?:\S+: )?(?P<message>KeyError: '(?P<revision>\w{3,})')$")
ALEMBIC_WARNED = re.compile(r"UserWarning: (?P<message>Revision (?P<revision>\w+) referenced from .+ is not present)")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    file: str | None = None
    for number in hits:
        text = log.text(number)
        if found := PSQL.match(text) or PSQL_BARE.match(text):
            yield from psql(log, number, found)
        elif found := MYSQL.match(text):
            yield mysql(number, found)
        elif heading := FLUFF_FILE.match(text):
            file = heading["file"]
        elif (found := FLUFF.match(text)) and file:
            yield sqlfluff(log, number, found, file)
        elif found := ALEMBIC.match(text) or ALEMBIC_WARNED.search(text):
            yield alembic(number, found["message"])


def psql(log: Log, number: int, found: re.Match[str]) -> Iterator[Diagnostic]:
    fields, message = found.groupdict(), found["message"].strip()
    if re.match(r"(?:NOTICE|WARNING|INFO|DEBUG|LOG): ", message) or not re.search(
        r"ERROR|FATAL|PANIC|error|failed|could not", message
    ):
        return
    category, suggestion = meaning(message)
    yield Diagnostic(
        title=re.sub(r"^(?:ERROR|FATAL): +", "", message)[:120],
        category=category,
        lines=((number, log.run(number, CONTEXT, 6)),),
        message=message,
        file=in_repository(fields["file"]) if fields.get("file") else None,
        line=int(fields["line"]) if fields.get("line") else None,
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def meaning(message: str) -> tuple[Category, str]:
    """Category and advice for what a PostgreSQL server or its client says."""
    for pattern, category, suggestion in MEANINGS:
        if re.search(pattern, message):
            return category, suggestion
    return "runtime", "Run the statement here against an empty database with the same migrations"


MEANINGS: tuple[tuple[str, Category, str], ...] = (
    (
        (
            r"Connection refused|could not connect|Connection timed out|server closed the connection|starting up"
            r"|could not translate host"
        ),
        "network",
        (
            "The server does not answer yet: wait for it before this step (pg_isready in a health check of the "
            "service container), and check host and port"
        ),
    ),
    (
        r'database ".+" does not exist',
        "configuration",
        "Create the database first (createdb, or POSTGRES_DB of the service container)",
    ),
    (
        r'role ".+" does not exist',
        "configuration",
        (
            "Set the user that exists (PGUSER, POSTGRES_USER of the service container); without one psql takes the "
            "name of the system user"
        ),
    ),
    (
        r"password authentication failed|no password supplied|no pg_hba.conf entry",
        "permission",
        "Give the step the password of the service container (PGPASSWORD, POSTGRES_PASSWORD)",
    ),
    (
        r"permission denied|must be owner|must be superuser",
        "permission",
        "Grant the right to the role that runs this (GRANT), or run the migration as the owner",
    ),
    (r"syntax error", "compile", "Correct the statement at the place that the caret shows"),
    (
        r"No space left|out of memory|too many clients|remaining connection slots",
        "resource",
        "Give the server what ran out, or open fewer connections",
    ),
)


def mysql(number: int, found: re.Match[str]) -> Diagnostic:
    code = found["code"]
    category: Category = (
        "network"
        if code in ("2002", "2003", "2005", "2013")
        else "permission"
        if code in ("1044", "1045", "1142", "1227")
        else "compile"
        if code == "1064"
        else "runtime"
    )
    return Diagnostic(
        title=f"MySQL {code}: {found['message']}"[:120],
        category=category,
        lines=((number, number),),
        message=found["message"],
        file=in_repository(found["file"]) if found["file"] else None,
        line=int(found["line"]) if found["line"] else None,
        suggestion="Wait for the server before this step (mysqladmin ping in a health check)"
        if category == "network"
        else "Check user, password and rights of the job's database"
        if category == "permission"
        else "Run the statement here against an empty database",
        confidence=CERTAIN,
    )


def sqlfluff(log: Log, number: int, found: re.Match[str], file: str) -> Diagnostic:
    last = log.run(number, FLUFF_MORE, 8)
    more = [m["more"] for m in (FLUFF_MORE.match(log.text(n)) for n in range(number + 1, last + 1)) if m]
    message = " ".join([f"{found['code']} {found['message']}", *more])
    parsing = found["code"] == "PRS"
    return Diagnostic(
        title=message[:120],
        category="compile" if parsing else "lint",
        lines=((number, last),),
        message=message,
        file=in_repository(file),
        line=int(found["line"]),
        column=int(found["column"]),
        suggestion=(
            f"Correct the SQL, or the dialect that sqlfluff is told; check with: sqlfluff parse {in_repository(file)}"
        )
        if parsing
        else f"Let sqlfluff correct what it can: sqlfluff fix {in_repository(file)}",
        confidence=CERTAIN,
    )


def alembic(number: int, message: str) -> Diagnostic:
    suggestion = "See the chain of revisions: alembic history --verbose"
    if message.startswith("Multiple head"):
        suggestion = "Two branches added a migration: join them and commit the result: alembic merge heads -m 'merge'"
    elif message.startswith("New upgrade operations"):
        suggestion = (
            "The models have changes that no migration has: alembic revision --autogenerate -m '...', look at it, "
            "commit it"
        )
    elif "locate revision" in message or "is not present" in message or message.startswith("No such"):
        suggestion = "A revision is missing: commit its file, or correct down_revision of the one that names it"
    return Diagnostic(
        f"Alembic: {message}"[:120],
        "configuration",
        ((number, number),),
        message,
        suggestion=suggestion,
        confidence=CERTAIN,
    )


RAISED = re.compile(
    r"^(?:E\s+)?(?P<name>(?:[\w.]*\.)?(?:OperationalError|ProgrammingError|InterfaceError)): (?:\("
    r"(?:[\w.]+)\) )?(?P<message>.+)$"
)


def find_raised(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    """A driver's exception where the server was not reached or refused the login: the code is not the cause."""
    for number in hits:
        found = RAISED.match(log.text(number))
        if not found or log.text(number).startswith("E "):
            continue
        category, suggestion = meaning(found["message"])
        if category in ("network", "permission", "configuration", "resource"):
            yield Diagnostic(
                f"{found['name'].split('.')[-1]}: {found['message']}"[:120],
                category,
                ((number, number),),
                found[0],
                suggestion=suggestion,
                confidence=LIKELY,
            )


DETECTORS = (
    Detector(
        "sql",
        (
            r"psql:",
            r"ERROR [0-9]{4} \([0-9A-Z]{5}\)",
            r"\| +P: +[0-9]",
            r"== \[.{1,300}\] FAIL",
            r"(?:FAILED|Error): (?:Multiple|New upgrade|Can't locate|Target database|No such|Requested|Path doesn|No )",
            r"UserWarning: Revision ",
        ),
        find,
    ),
    Detector("database driver", (r"(?:OperationalError|ProgrammingError|InterfaceError): ",), find_raised),
)
