"""PHP: interpreter errors, PHPUnit and Pest, Composer, PHP_CodeSniffer, PHPStan, Psalm, PHP-CS-Fixer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

FATAL = re.compile(
    r"^(?:PHP )?(?P<kind>Parse|Fatal|Catchable fatal|Recoverable fatal) error: +"
    r"(?P<message>.+?)(?: in (?P<file>\S+?\.\w+)(?: on line |:)(?P<line>\d{1,7}))?$"
)
THROWN = re.compile(r"^  thrown in (?P<file>\S+) on line (?P<line>\d{1,7})$")
MEMORY = re.compile(r"Allowed memory size of \d+ bytes exhausted")
CASE = re.compile(r"^\d+\) (?P<test>[\w\\]+::\w+(?: with data set .+)?)$")
CASE_PLACE = re.compile(r"^(?P<file>/?[^\s:]+\.php):(?P<line>\d{1,7})$")
CASE_END = re.compile(r"^(?:--|\d+\) |(?:FAILURES|ERRORS|WARNINGS)!|Tests: \d)")
PEST = re.compile(r"^\s*(?:FAILED|⨯|•)\s+(?P<test>(?:[A-Z]\w+\\)+\w+ > .+?)(?:\s{2,}\w+)?$")
PEST_PLACE = re.compile(r"^\s+at (?P<file>\S+\.php):(?P<line>\d{1,7})$")
FILE = re.compile(r"^FILE: (?P<file>\S+)$")
SNIFF = re.compile(r"^\s*(?P<line>\d{1,7}) \| (?:ERROR)\s+\| (?:\[.\] )?(?P<message>.+)$")
TABLE_HEAD = re.compile(r"^\s+Line\s+(?P<file>\S+\.php)")
TABLE_ROW = re.compile(r"^\s{1,3}(?P<line>:?\d{1,7})\s{2,}(?P<message>\S.*)$")
PSALM = re.compile(
    r"^ERROR: (?P<rule>\w+) - (?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7}) - "
    r"(?P<message>.+?)(?: \(see .+\))?$"
)
FIXER = re.compile(r"^\s+\d+\) (?P<file>\S+\.php)(?: \((?P<rules>[\w, ]+)\))?$")
FIXER_MARK = re.compile(r"^(?:Loaded config|PHP CS Fixer|Found \d+ of \d+ files that can be fixed|Checked all files)")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for number in hits:
        text = log.text(number)
        fatal = FATAL.match(text)
        if fatal and fatal["message"] not in seen:
            seen.add(fatal["message"])  # PHP writes it to the log and to the page
            yield php_error(log, number, fatal)


def php_error(log: Log, number: int, fatal: re.Match[str]) -> Diagnostic:
    file, line = fatal["file"], fatal["line"]
    thrown_at = log.find(THROWN, number + 1, number + 40) if not file else None
    thrown = THROWN.match(log.text(thrown_at)) if thrown_at else None
    if thrown:
        file, line = thrown["file"], thrown["line"]
    message = re.sub(r", called in \S+ on line \d+ and defined$", "", fatal["message"])
    memory = MEMORY.search(message)
    kind: Category = "compile" if fatal["kind"] == "Parse" else "resource" if memory else "runtime"
    advice = (
        f"Check it: php -l {file}"
        if kind == "compile"
        else "Raise memory_limit for this command: php -d memory_limit=1G <command>"
        if memory
        else f"Look at {file} line {line}."
        if file
        else ""
    )
    return issue(number, kind, f"PHP: {message}", message, file, line, advice)


def issue(
    number: int,
    kind: Category,
    title: str,
    message: str,
    file: str | None,
    line: str | None,
    advice: str,
    end: int | None = None,
) -> Diagnostic:
    return Diagnostic(
        title[:120],
        kind,
        ((number, end or number),),
        message,
        file,
        int(line) if line else None,
        suggestion=advice,
        confidence=CERTAIN,
    )


def find_tests(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for number in hits:
        text = log.text(number)
        case = CASE.match(text) or PEST.match(text)
        if case and case["test"] not in seen:
            seen.add(case["test"])
            yield failed_test(log, number, case["test"])


def failed_test(log: Log, number: int, test: str) -> Diagnostic:
    message: list[str] = []
    place, last = None, number
    for at in range(number + 1, min(log.last, number + 80) + 1):
        text = log.text(at)
        if CASE_END.match(text):
            break
        found = CASE_PLACE.match(text.strip()) or PEST_PLACE.match(text)
        if found:
            place = place if place and "vendor/" in found["file"] else found
        elif text.strip() and not place and len(message) < 4:
            message.append(text.strip())
            last = at
    method = test.split("::")[-1].split(" ")[0]
    return Diagnostic(
        title=f"{test.split(chr(92))[-1]} failed"[:120],
        category="test",
        lines=((number, last),),
        message=" ".join(message),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=(test,),
        suggestion=f"Run it alone: vendor/bin/pest --filter '{test.split(' > ')[-1]}'"
        if " > " in test
        else f"Run it alone: vendor/bin/phpunit --filter '{method}'",
        confidence=CERTAIN,
    )


def find_lint(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if named := FILE.match(text):
            yield from sniffs(log, number, named["file"])
        elif head := TABLE_HEAD.match(text):
            yield from table(log, number, head["file"])
        elif psalm := PSALM.match(text):
            yield Diagnostic(
                f"{psalm['rule']}: {psalm['message']}"[:120],
                "types",
                ((number, number),),
                psalm["message"],
                psalm["file"],
                int(psalm["line"]),
                int(psalm["column"]),
                suggestion=f"Run it here: vendor/bin/psalm {psalm['file']}",
                confidence=CERTAIN,
            )
        elif (fixer := FIXER.match(text)) and log.find(FIXER_MARK, number, number - 200):
            yield issue(
                number,
                "lint",
                f"{fixer['file']} is not formatted",
                fixer["rules"] or text.strip(),
                fixer["file"],
                None,
                f"Format it: vendor/bin/php-cs-fixer fix {fixer['file']}",
            )


def sniffs(log: Log, number: int, file: str) -> Iterator[Diagnostic]:
    for at in range(number + 1, min(log.last, number + 300) + 1):
        text = log.text(at)
        if FILE.match(text):
            return
        if sniff := SNIFF.match(text):
            more = log.text(at + 1)
            message = sniff["message"] + (
                " " + more.split("|", 2)[2].strip() if more.count("|") == 2 and not more.split("|")[0].strip() else ""
            )
            yield issue(
                at,
                "lint",
                f"phpcs: {message}",
                message,
                file,
                sniff["line"],
                f"Run it here: phpcbf {in_repository(file)}",
            )


def table(log: Log, number: int, file: str) -> Iterator[Diagnostic]:
    """PHPStan: `Line   path.php` between two rules, then `12   message`, which may go on below."""
    for at in range(number + 2, min(log.last, number + 300) + 1):
        row = TABLE_ROW.match(log.text(at))
        if row:
            yield Diagnostic(
                f"phpstan: {row['message']}"[:120],
                "types",
                ((at, at),),
                row["message"],
                file,
                int(row["line"].lstrip(":")),
                suggestion=f"Run it here: vendor/bin/phpstan analyse {file}",
                confidence=CERTAIN,
            )
        elif re.match(r"^\s+-{4,}", log.text(at)):
            return


DETECTORS = (
    Detector("php", (r"(?:Parse|Fatal|fatal) error: ",), find),
    Detector(
        "phpunit",
        (r"[0-9]\) [\w\\]{1,300}::\w", r"(?:FAILED|\xe2\xa8\xaf|\xe2\x80\xa2) .{0,20}[A-Z]\w+\\\w.{0,200} > "),
        find_tests,
    ),
    Detector(
        "php linters", (r"FILE: ", r"Line +\S{1,300}\.php", r"ERROR: \w+ - ", r"[0-9]\) \S{1,300}\.php"), find_lint
    ),
)
