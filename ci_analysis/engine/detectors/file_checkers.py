"""Tools that read one file and say where it is wrong.

protoc, xmllint, jq, nginx, Apache, tidy, luacheck, phpmd, asciidoctor, Hugo, Jekyll, Doxygen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log


@dataclass(frozen=True, slots=True)
class Form:
    """One tool's line; the pattern names message, and file, line and column where the tool tells them."""

    tool: str
    category: Category
    pattern: re.Pattern[str]
    advice: str


PLACE = r"(?P<line>\d{1,7}):(?P<column>\d{1,7})"
FORMS = (
    Form(
        "protoc",
        "compile",
        re.compile(rf"^(?P<file>\S+\.proto):{PLACE}: (?!warning)(?P<message>.+)$"),
        "Check it here: protoc -I. --descriptor_set_out=/dev/null {file}",
    ),
    Form(
        "xmllint",
        "compile",
        re.compile(r"^(?P<file>\S+):(?P<line>\d{1,7}): (?:parser|namespace) error : (?P<message>.+)$"),
        "Check it here: xmllint --noout {file}",
    ),
    Form(
        "xmllint",
        "lint",
        re.compile(
            r"^(?P<file>\S+):(?P<line>\d{1,7}): element \S+: (?:Schemas|Relax-NG) validity error : (?P<message>.+)$"
        ),
        "Check it here: xmllint --noout --schema <schema> {file}",
    ),
    Form(
        "jq",
        "configuration",
        re.compile(
            r"^(?P<message>(?:jq: (?:error|\d+ compile error).*?|parse error): .+?(?: at line "
            r"(?P<line>\d{1,7}), column (?P<column>\d{1,7}))?)$"
        ),
        "Check the input: it is not the JSON that the filter expects (an error page, perhaps).",
    ),
    Form(
        "nginx",
        "configuration",
        re.compile(
            r"^(?:\S+ \S+ \[emerg\] \S+ |nginx: \[emerg\] )(?P<message>.+?)(?: in (?P<file>\S+):(?P<line>\d{1,7}))?$"
        ),
        "Check it here: nginx -t -c {file}",
    ),
    Form(
        "apache",
        "configuration",
        re.compile(r"^AH\d+: Syntax error on line (?P<line>\d{1,7}) of (?P<file>\S+):(?P<message>)$"),
        "Check it here: apachectl configtest",
    ),
    Form(
        "tidy",
        "lint",
        re.compile(r"^line (?P<line>\d{1,7}) column (?P<column>\d{1,7}) - Error: (?P<message>.+)$"),
        "Check it here: tidy -e -q <file>",
    ),
    Form(
        "luacheck",
        "lint",
        re.compile(rf"^\s+(?P<file>\S+\.lua):{PLACE}(?:-\d+)?: (?P<message>(?:\([WE]\d+\) )?.+)$"),
        "Check it here: luacheck {file}",
    ),
    Form(
        "phpmd",
        "lint",
        re.compile(r"^(?P<file>\S+\.php):(?P<line>\d{1,7})\s+(?:[A-Z]\w+)\s+(?P<message>.+)$"),
        "Check it here: phpmd {file} text codesize,unusedcode",
    ),
    Form(
        "asciidoctor",
        "configuration",
        re.compile(r"^asciidoctor: (?:ERROR|FAILED|WARNING): (?P<file>\S+): line (?P<line>\d{1,7}): (?P<message>.+)$"),
        "Check it here: asciidoctor --failure-level=WARN {file}",
    ),
    Form(
        "hugo",
        "compile",
        re.compile(rf'^(?:Error: |ERROR |Error building site: ).*?"(?P<file>[^"]+?):{PLACE}": (?P<message>.+)$'),
        "Build it here: hugo --printPathWarnings",
    ),
    Form(
        "jekyll",
        "compile",
        re.compile(
            r"^\s*(?:Liquid|YAML) Exception(?: reading)?:? (?P<message>.+?) (?:\(line "
            r"(?P<line>\d{1,7})\).*)?in (?P<file>\S+)$"
        ),
        "Build it here: bundle exec jekyll build --trace",
    ),
    Form(
        "doxygen",
        "lint",
        re.compile(
            r"^(?P<file>/?[^\s:]+):(?P<line>\d{1,7}): error: "
            r"(?P<message>.+ \(warning treated as error, aborting now\))$"
        ),
        "Build it here: doxygen",
    ),
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        for form in FORMS:
            found = form.pattern.match(text)
            if found:
                yield diagnostic(log, number, form, found)
                break


def diagnostic(log: Log, number: int, form: Form, found: re.Match[str]) -> Diagnostic:
    fields = found.groupdict()
    message = fields["message"] or log.text(number + 1).strip()
    file = fields.get("file")
    return Diagnostic(
        title=f"{form.tool}: {message}"[:120],
        category=form.category,
        lines=((number, number if fields["message"] else min(number + 1, log.last)),),
        message=message,
        file=file,
        line=int(fields["line"]) if fields.get("line") else None,
        column=int(fields["column"]) or None if fields.get("column") else None,
        suggestion=form.advice.format(file=file or "<file>"),
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "file checker",
    (
        r"\.proto:[0-9]+:[0-9]+: ",
        r": (?:parser|namespace) error : ",
        r" validity error : ",
        r"jq: ",
        r"parse error: ",
        r"\[emerg\]",
        r"AH[0-9]+: Syntax error",
        r"line [0-9]+ column [0-9]+ - Error: ",
        r"  \S{1,200}\.lua:[0-9]+:[0-9]+",
        r"\.php:[0-9]+\s+[A-Z]\w+\s",
        r"asciidoctor: [A-Z]+: ",
        r"(?:Error|ERROR) .{0,300}\":? execute|Error building site",
        r"(?:Liquid|YAML) Exception",
        r"warning treated as error, aborting",
    ),
    find,
)
