"""Ruby: interpreter errors, Bundler, Rake, RuboCop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

RAISED = re.compile(
    r"^(?P<file><internal:[^>]+>|[^\s:]+):(?P<line>\d{1,7}):in [`'].+?': (?P<message>.+?) \("
    r"(?P<error>[A-Z][\w:]*)\)$"
)
TOP = re.compile(
    r"^(?P<file>[^\s:]+\.rb):(?P<line>\d{1,7}): (?P<message>(?:syntax error|.+ \(SyntaxError\)"
    r"|formal argument|Invalid |dynamic constant|class definition).*)"
)
PRISM = re.compile(r"^(?P<file>[^\s:]+\.rb):(?P<line>\d{1,7}): syntax errors? found")
BACKTRACE = re.compile(
    r"^\s+(?:\d+: )?from (?P<file><internal:[^>]+>|[^\s:]+):(?P<line>\d{1,7})(?::in .*)?$|^"
    r"(?P<rake>[^\s:]+):(?P<rake_line>\d{1,7}):in [`']"
)
INSTALLED = re.compile(r"<internal|/gems/|/rubygems/|/lib/ruby/|bundler|bin/rake|/vendor/bundle/")
RAKE = re.compile(r"^rake aborted!$|^(?:bin/)?rails aborted!$")
RAKE_ERROR = re.compile(
    r"^(?:(?P<error>(?:[A-Z]\w*::)*[A-Z]\w*(?:Error|Exception|NotFound|Invalid|Pending\w*)?)(?:: "
    r"| ?$))?(?P<message>.*)$"
)
RAKE_TEST = re.compile(r"Command failed with status \(\d+\)")
BUNDLER: tuple[tuple[Category, re.Pattern[str]], ...] = (
    (
        "network",
        re.compile(
            r"^(?P<message>Could not reach host (?:\S+?)\. Check your network.*"
            r"|Could not fetch specs from .+|Network error while fetching .+|Net::\w*Timeout.*"
            r"|Retrying (?:fetcher|download gem) .*)"
        ),
    ),
    (
        "permission",
        re.compile(
            r"^(?P<message>(?:Authentication is required for|Bad username or password for"
            r"|Access token could not be authenticated for) \S+.*)"
        ),
    ),
    (
        "dependency",
        re.compile(
            r"^(?P<message>Could not find (?:compatible versions|gem '(?:[^']+)'.*|"
            r"(?:\S+-\d\S*) in .*)|Bundler could not find compatible versions for gem \""
            r"(?:[^\"]+)\".*"
            r"|Your bundle only supports platforms .+"
            r"|Your Ruby version is .+, but your Gemfile specified .+|The gemspec for .+"
            r"|An error occurred while installing \S+ .*"
            r"|(?:You are trying to install in deployment mode|The (?:dependencies in your gemfile changed"
            r"|gemspecs for path gems changed|lockfile|list of sources changed)).*"
            r"|Some gems seem to be missing from your.*|Your lockfile .+)"
        ),
    ),
)
OFFENSE = re.compile(
    r"^(?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?:[CWEFR]): (?:\[(?:Correctable"
    r"|Corrected)\] )?(?P<cop>[A-Z]\w+(?:/\w+)+): (?P<message>.+)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if raised := RAISED.match(text):
            yield exception(log, number, raised)
        elif syntax := TOP.match(text) or PRISM.match(text):
            message = syntax.groupdict().get("message") or syntax_message(log, number)
            yield placed(
                number,
                "compile",
                f"Ruby: {message}",
                message,
                syntax["file"],
                int(syntax["line"]),
                f"Check it: ruby -c {syntax['file']}",
            )
        elif RAKE.match(text):
            yield from rake(log, number)


def syntax_message(log: Log, number: int) -> str:
    """Since Ruby 3.4 the source stands below, with the complaint behind its caret."""
    at = log.find(re.compile(r"^\s+\|.*\^"), number + 1, number + 12)
    return log.text(at).lstrip(" |^~") if at else "syntax error"


def exception(log: Log, number: int, raised: re.Match[str]) -> Diagnostic:
    file, line = raised["file"], int(raised["line"])
    if INSTALLED.search(file):
        file, line = own_frame(log, number) or (file, line)
    missing = re.search(r"cannot load such file -- (?P<file>\S+)", raised["message"])
    kind: Category = "dependency" if missing else "runtime"
    advice = (
        f"Add the gem that has {missing['file']} to the Gemfile, then: bundle install"
        if missing
        else f"Look at {file} line {line}."
    )
    return placed(number, kind, f"{raised['error']}: {raised['message']}", raised["message"], file, line, advice)


def own_frame(log: Log, number: int) -> tuple[str, int] | None:
    for at in range(number + 1, min(log.last, number + 60) + 1):
        frame = BACKTRACE.match(log.text(at))
        file = (frame["file"] or frame["rake"]) if frame else None
        if frame and file and not INSTALLED.search(file):
            return file, int(frame["line"] or frame["rake_line"])
    return None


def rake(log: Log, number: int) -> Iterator[Diagnostic]:
    at = number + 1
    error = RAKE_ERROR.match(log.text(at))
    if not error or RAKE_TEST.search(log.text(at)):
        return
    file, line = own_frame(log, at) or (None, None)
    yield Diagnostic(
        title=f"rake: {log.text(at)}"[:120],
        category="runtime",
        lines=((number, min(at, log.last)),),
        message=log.text(at).strip(),
        file=file,
        line=line,
        suggestion="Run the task here with its full trace: bundle exec rake --trace <task>",
        confidence=CERTAIN,
    )


def placed(
    number: int, kind: Category, title: str, message: str, file: str | None, line: int | None, advice: str
) -> Diagnostic:
    return Diagnostic(
        title[:120], kind, ((number, number),), message, file, line, suggestion=advice, confidence=CERTAIN
    )


def find_bundler(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        kind = next((kind for kind, pattern in BUNDLER if pattern.match(text)), None)
        if kind:
            yield bundler(log, number, kind)


def bundler(log: Log, number: int, kind: Category) -> Diagnostic:
    advice = {
        "network": "Run it again; if it comes back, cache the gems (ruby/setup-ruby with bundler-cache: true).",
        "permission": "Set the source's credentials: bundle config set --global <host> <secret>",
    }.get(kind, "Update the lock file and commit it: bundle lock --add-platform x86_64-linux && bundle install")
    end = log.run(number, re.compile(r"^\S"), 8)
    message = " ".join(log.text(n).strip() for n in range(number, end + 1))
    return Diagnostic(
        f"Bundler: {message}"[:120], kind, ((number, end),), message, suggestion=advice, confidence=CERTAIN
    )


def find_rubocop(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        offense = OFFENSE.match(log.text(number))
        if offense:
            yield Diagnostic(
                title=f"{offense['cop']}: {offense['message']}"[:120],
                category="lint",
                lines=((number, number),),
                message=offense["message"],
                file=offense["file"],
                line=int(offense["line"]),
                column=int(offense["column"]),
                suggestion=f"Run it here: bundle exec rubocop -a --only {offense['cop']} {offense['file']}",
                confidence=CERTAIN,
            )


DETECTORS = (
    Detector("ruby", (r":in [`'].{1,300}': ", r"\.rb:[0-9]+: ", r"(?:rake|rails) aborted!"), find),
    Detector(
        "bundler",
        (
            r"Could not reach host",
            r"Could not fetch specs",
            r"Network error while fetching",
            r"Authentication is required for",
            r"Bad username or password",
            r"Could not find (?:compatible|gem '|\S{1,100}-[0-9])",
            r"Bundler could not find",
            r"Your (?:bundle only|Ruby version|lockfile)",
            r"An error occurred while installing",
            r"deployment mode after",
            r"dependencies in your gemfile changed",
            r"Some gems seem to be missing",
        ),
        find_bundler,
    ),
    Detector("rubocop", (r": [CWEFR]: .{0,20}[A-Z]\w+/\w+: ",), find_rubocop),
)
