"""Shells (bash, dash, zsh, busybox, PowerShell, cmd.exe) and the file tools that scripts call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

# Who speaks: deploy.sh, bash or sh, with or without a path, then the line, as in `bash: line 1: ` and `/bin/sh: 1: `.
SHELL = (
    r"^(?:[\w.@/+-]+: )?(?P<script>(?:/(?:usr/)?bin/)?(?:ba|da|z|a|k)?sh|[^\s:]+\.(?:sh|bash|bats|zsh|command)"
    r"|[^\s:]+(?=: (?:line )?\d+: )): (?:(?:line )?(?P<line>\d{1,7}): )?"
)
NOT_FOUND = re.compile(SHELL + r"(?:exec: )?(?P<message>(?P<command>[^\s:]+): (?:command not found|not found))$")
ZSH_NOT_FOUND = re.compile(r"^zsh: (?P<message>command not found: (?P<command>\S+))$")
UNBOUND = re.compile(SHELL + r"(?P<message>(?P<name>\w+): (?:unbound variable|parameter (?:null or )?not set))$")
REQUIRED = re.compile(
    SHELL + r"(?P<message>(?P<name>[A-Z_][A-Z0-9_]*): .*\b(?:not set|unset|required|missing|must be set|empty)\b.*)$",
    re.IGNORECASE,
)
SYNTAX = re.compile(
    SHELL
    + (
        r"(?P<message>(?:syntax error|Syntax error|unexpected EOF|bad substitution|\S+: bad substitution"
        r"|Bad substitution|\[: .+ expected|\[\[?: .+: (?:unary|binary) operator expected"
        r"|.*: integer expression expected).*)$"
    )
)
DENIED = re.compile(SHELL + r"(?P<message>(?P<command>[^\s:]+): Permission denied)$")
NOT_RECOGNIZED = re.compile(
    r"^(?P<message>'(?P<command>[^']+)' is not recognized as an internal or external command.*"
    r"|(?:\S+: )?The term '(?P<cmdlet>[^']+)' is not recognized as (?:the|a) name of a cmdlet.*"
    r"|(?:/usr/bin/)?env: [‘']?(?P<program>[\w.+-]+)[’']?: No such file or directory"
    r"|.{0,200}exec: \"(?P<executable>[^\"]+)\": executable file not found in \$?%?PATH%?.*)$"
)
INTERPRETER = re.compile(
    SHELL
    + (
        r"(?P<message>(?P<command>[^\s:]+): (?:cannot execute: required file not found|bad interpreter: .+"
        r"|/\S+: bad interpreter: .+|cannot execute binary file: Exec format error|cannot execute binary file))$"
    )
)
NO_FILE = re.compile(
    SHELL
    + (
        r"(?P<message>(?:cd: |source: |\.: )?(?P<file>[^:]+): (?:No such file or directory|Not a directory"
        r"|not found|No such file))$"
    )
)
KILLED = re.compile(
    SHELL
    + (
        r"\s*\d+ (?P<message>(?P<how>Killed|Segmentation fault|Aborted|Bus error|Illegal instruction|Terminated"
        r"|Floating point exception|Trace/breakpoint trap)\b(?: \(core dumped\))?\s*(?P<command>.*))$"
    )
)
TOOL = re.compile(
    r"^(?P<tool>cp|mv|rm|mkdir|chmod|chown|ln|cat|ls|sed|grep|tar|unzip|gzip|touch|install|find|rsync): "
    r"(?P<message>.*(?:No such file or directory|Permission denied|not found in archive|cannot (?:stat|open"
    r"|create|remove|access|find)|Read-only file system|Operation not permitted|Not a directory"
    r"|File exists).*)$"
)
PACKAGE = {
    "pip": "python3-pip",
    "psql": "postgresql-client",
    "convert": "imagemagick",
    "xvfb-run": "xvfb",
    "dot": "graphviz",
    "javac": "a JDK (actions/setup-java)",
    "node": "Node.js (actions/setup-node)",
    "go": "Go (actions/setup-go)",
    "cargo": "Rust",
}


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if "-- " in text[:4] or len(text) > 2000:
            continue
        found = shell_error(number, text) or tool_error(number, text)
        if found:
            yield found


def report(
    number: int, category: Category, title: str, found: re.Match[str], suggestion: str, confidence: float = LIKELY
) -> Diagnostic:
    """LIKELY unless the shell itself must have stopped: a script without `set -e` survives the rest."""
    fields = found.groupdict()
    script = fields.get("script") or ""
    own = "." in script.rsplit("/", 1)[-1] and "/_temp/" not in script
    message = fields["message"].strip()
    return Diagnostic(
        title=title[:120],
        category=category,
        lines=((number, number),),
        message=message,
        file=in_repository(script) if own else None,
        line=int(fields["line"]) if own and fields.get("line") else None,
        suggestion=suggestion,
        confidence=confidence,
    )


def shell_error(number: int, text: str) -> Diagnostic | None:
    for pattern, explain in FORMS:
        if found := pattern.match(text):
            return explain(number, found)
    return None


def not_set(number: int, found: re.Match[str]) -> Diagnostic:
    name = found["name"]
    advice = (
        f"Set {name} for this step (env: in the workflow, from a secret or variable; runs of forks get no secrets), "
        f"or give it a default: ${{{name}:-}}"
    )
    return report(number, "configuration", f"The variable {name} is not set", found, advice, CERTAIN)


def not_executable(number: int, found: re.Match[str]) -> Diagnostic:
    command = in_repository(found["command"])
    advice = (
        f"Make it executable in git and commit: git update-index --chmod=+x {quote(command.removeprefix('./'))}; "
        "or run it through its interpreter"
    )
    return report(number, "permission", f"{command} may not be run", found, advice)


def no_interpreter(number: int, found: re.Match[str]) -> Diagnostic:
    advice = (
        "Correct the interpreter in its first line (also a CR LF line end there does this), install it, or get the "
        "program built for this platform"
    )
    return report(number, "configuration", f"{found['command']} cannot be run here", found, advice)


def bad_syntax(number: int, found: re.Match[str]) -> Diagnostic:
    advice = f"Correct the script; check with: bash -n {quote(in_repository(found['script']))} and shellcheck"
    return report(number, "compile", found["message"], found, advice, CERTAIN)


def no_file(number: int, found: re.Match[str]) -> Diagnostic:
    advice = (
        "Correct the path or the folder in which the step runs; a file that an earlier step or job makes must be "
        "built or downloaded first"
    )
    return report(number, "configuration", f"{found['file']} does not exist", found, advice)


def not_found(number: int, found: re.Match[str]) -> Diagnostic:
    fields = found.groupdict()
    command = fields.get("command") or fields.get("cmdlet") or fields.get("program") or fields["executable"]
    if command.startswith(("./", "/")):
        return report(
            number,
            "configuration",
            f"{command} does not exist",
            found,
            "Correct the path, or build or download the file before this step",
        )
    package = PACKAGE.get(command, command)
    return report(
        number,
        "configuration",
        f"The command {command} is not installed",
        found,
        (
            f"Install {package} in an earlier step (of a JavaScript tool: as devDependency, and run npm ci "
            "before), put it on PATH (GITHUB_PATH), or correct its name"
        ),
    )


def killed(number: int, found: re.Match[str]) -> Diagnostic:
    how = found["how"]
    category: Category = "resource" if how == "Killed" else "infrastructure" if how == "Terminated" else "runtime"
    advice = {
        "Killed": (
            "Killed from outside, nearly always for memory: run fewer workers at a time or take a larger runner; "
            "dmesg in the job tells more"
        ),
        "Terminated": "Ended from outside: a timeout, or the job was cancelled",
    }
    return report(
        number,
        category,
        f"{how}: {found['command'].split('  ')[0]}".rstrip(": "),
        found,
        advice.get(
            how, "The program crashed in native code: run it here under gdb, or with core dumps kept as an artifact"
        ),
    )


FORMS = (
    (NOT_FOUND, not_found),
    (ZSH_NOT_FOUND, not_found),
    (NOT_RECOGNIZED, not_found),
    (UNBOUND, not_set),
    (REQUIRED, not_set),
    (DENIED, not_executable),
    (INTERPRETER, no_interpreter),
    (SYNTAX, bad_syntax),
    (NO_FILE, no_file),
    (KILLED, killed),
)


def tool_error(number: int, text: str) -> Diagnostic | None:
    if found := TOOL.match(text):
        message = found["message"]
        category: Category = "permission" if re.search(r"denied|not permitted|Read-only", message) else "configuration"
        advice = {
            "permission": "Write to a folder of the user who runs the job, or change the owner first",
            "configuration": (
                "Correct the path; if an earlier step or job makes the file, see whether it did (ls -la in the "
                "job), and hand it on as an artifact"
            ),
        }
        return report(number, category, f"{found['tool']}: {message}", found, advice[category])
    return None


DETECTOR = Detector(
    "shell",
    (
        r": (?:command )?not found",
        r"is not recognized as |executable file not found in ",
        r"unbound variable|parameter (?:null or )?not set|sh: (?:line )?[0-9]+: [A-Za-z_0-9]{1,60}: ",
        r"[Ss]yntax error|unexpected EOF while|ad substitution|operator expected|integer expression expected",
        r": Permission denied|bad interpreter|required file not found|cannot execute",
        r": No such file or directory|: Not a directory",
        (
            r"[0-9] (?:Killed|Segmentation fault|Aborted|Bus error|Illegal instruction|Terminated|Floating point"
            r"|Trace/breakpoint)"
        ),
        (
            r"(?:cp|mv|rm|mkdir|chmod|chown|ln|tar|unzip|gzip|touch|install|find|rsync): .{0,300}(?:cannot |denied"
            r"|not permitted|Read-only|not found in)"
        ),
    ),
    find,
)
