"""Go: build, vet, modules; golangci-lint and staticcheck print in the compiler's form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, GENERIC, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

COMPILER = re.compile(
    r"^(?:vet: )?(?P<file>(?:\./|\.\./)*[\w@./+-]+\.go):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?P<message>.+)"
)
PACKAGE = re.compile(r"^# (?P<package>\S+)(?: \[.+\])?$")
# vet's words; since Go 1.22 it also prints `# [package]` above.
VET = re.compile(
    r"(?:fmt|log|testing|errors|t|b)\.\w+ |struct field|unreachable code|composite literal"
    r"|result of|self-assignment|possible misuse|\S+ passes lock|loop variable|the cancel"
)
LINTER = re.compile(r"^(?P<message>.+) \((?P<check>[a-z][a-z0-9]+|[A-Z]+\d{4})\)$")
MODULE = re.compile(
    r"^(?:(?P<file>[\w./-]+\.go):(?P<line>\d{1,7}):(?P<column>\d{1,7}): |go: )?"
    r"(?P<message>(?:no required module provides package|missing go\.sum entry"
    r"|cannot find module providing package"
    r"|updates to go\.mod needed|inconsistent vendoring|package \S+ is not in (?:GOROOT|std)"
    r"|.*@\S+: (?:reading|invalid version|unknown revision|verifying module"
    r"|module \S+ declares its path).*"
    r"|.*go\.mod requires go >= .*|module lookup disabled|.*checksum mismatch).*)"
)
FETCH = re.compile(
    r'^go: (?:(?:downloading|finding) )?(?P<module>\S+@\S+?): (?P<message>Get "(?:[^"]+)": .+'
    r"|.*(?:i/o timeout|unexpected EOF|TLS handshake|connection re(?:set|fused)).*|.*\b(?:5\d\d"
    r"|429) \w.*)"
)
GO_MOD = re.compile(r"^(?P<file>\S*go\.(?:mod|work)):(?P<line>\d{1,7}): (?P<message>.+)")
PACKAGE_FAILED = re.compile(r"^FAIL\t(?P<package>\S+)(?: \[(?P<why>build failed|setup failed)\])?")


def find_build(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if fetch := FETCH.match(text):
            yield problem(
                number,
                "network",
                f"Module {fetch['module']} could not be fetched",
                fetch["message"],
                None,
                (
                    "Run it again; if it comes back, check GOPROXY and cache the module folder: go env GOPROXY "
                    "GOMODCACHE"
                ),
            )
        elif module := MODULE.match(text):
            yield problem(
                number,
                "dependency",
                f"Go module: {module['message'][:90]}",
                module["message"],
                module if module["file"] else None,
                module_advice(module["message"]),
            )
        elif wrong := GO_MOD.match(text):
            yield problem(
                number,
                "configuration",
                f"{wrong['file'].split('/')[-1]}: {wrong['message']}",
                wrong["message"],
                wrong,
                "Correct the line, then: go mod tidy",
            )
        elif error := COMPILER.match(text):
            yield from source_problem(log, number, error)


def module_advice(message: str) -> str:
    if "checksum mismatch" in message:
        return "The module's content is not what go.sum says: find out who changed it before you update go.sum."
    if "vendoring" in message:
        return "Bring vendor/ in line and commit it: go mod vendor"
    if "requires go >=" in message:
        return "Raise the Go version of the job (actions/setup-go, go-version-file: go.mod)."
    return "Commit the result of: go mod tidy"


def source_problem(log: Log, number: int, error: re.Match[str]) -> Iterator[Diagnostic]:
    """vet prints like the compiler, below `# package`; linters add their name in brackets."""
    message = error["message"]
    lint = LINTER.match(message)
    if lint and lint["check"] != "typecheck":
        title = f"{lint['check']}: {lint['message']}"[:120]
        advice = f"Run it here: golangci-lint run --enable-only {lint['check']} ./..."
        yield problem(number, "lint", title, message, error, advice)
        return
    heading = log.find(PACKAGE, number, number - 60)
    if heading or lint or number == 1 or COMPILER.match(log.text(number - 1)) or "go: " in log.text(number - 1):
        vet = VET.match(message) or (heading and log.text(heading).startswith("# ["))
        kind: Category = "lint" if vet else "compile"
        advice = "Run it here: go vet ./..." if vet else "Run it here: go build ./..."
        yield problem(number, kind, message[:120], message, error, advice)


def problem(
    number: int, category: Category, title: str, message: str, place: re.Match[str] | None, advice: str
) -> Diagnostic:
    fields = place.groupdict() if place else {}
    return Diagnostic(
        title=title,
        category=category,
        lines=((number, number),),
        message=message,
        file=fields.get("file"),
        line=int(fields["line"]) if fields.get("line") else None,
        column=int(fields["column"]) if fields.get("column") else None,
        suggestion=advice,
        confidence=CERTAIN,
    )


def find_symptom(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if failed := PACKAGE_FAILED.match(text):
            yield Diagnostic(
                f"{failed['package']} failed",
                "compile" if failed["why"] else "test",
                ((number, number),),
                text,
                suggestion=f"Run it here: go test {failed['package']}",
                confidence=GENERIC if failed["why"] == "setup failed" else SYMPTOM,
            )


DETECTORS = (
    Detector(
        "go",
        (
            r"\.go:[0-9]+:[0-9]+: ",
            r"go: .{1,300}: ",
            r"go\.(?:mod|work):[0-9]+: ",
            r"missing go\.sum entry",
            r"updates to go\.mod needed",
            r"inconsistent vendoring",
        ),
        find_build,
    ),
    Detector("go package", (r"FAIL\t",), find_symptom),
)
