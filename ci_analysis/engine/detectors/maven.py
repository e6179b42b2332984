"""Maven: what it says itself, apart from compilers and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

GOAL = re.compile(r"^\[ERROR\] (?:Failed to execute goal|Plugin) (?P<rest>.+)")
PLUGIN = re.compile(r"(?:[\w.-]+):(?P<plugin>[\w.-]+):(?:[\w.-]+):(?P<goal>[\w-]+)")
NETWORK = re.compile(
    r"Connection (?:refused|reset|timed out)|Connect(?:ion)? timed? ?out|connect timed out"
    r"|Unknown host|Name or service not known|No route to host|status code: (?:5\d\d|429)"
    r"|Remote host terminated|handshake|Read timed out|PKIX path",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(r"status code: 40[13]|Unauthorized|Forbidden|authentication failed", re.IGNORECASE)
ARTIFACT = re.compile(
    r"(?:Could not (?:find|transfer) artifact|Failure to find"
    r"|Failed to read artifact descriptor for|Failed to collect dependencies at"
    r"|The following artifacts could not be resolved:) (?P<artifact>[\w.-]+:[\w.-]+(?::[\w.-]+)+)"
)
UNRESOLVED = re.compile(
    r"[Cc]ould not (?:be resolved|resolve)|Could not (?:find|transfer) artifact|Failure to find"
    r"|DependencyResolution|UnresolvableModel"
)
POM = re.compile(
    r"^\[(?:ERROR|FATAL)\]\s+(?:\[(?:ERROR|FATAL)\] )?(?P<message>(?:Malformed POM"
    r"|Non-parseable POM|Non-resolvable (?:parent|import) POM|'[\w.\[\]]+' (?:for|is|contains)).*)"
)
POM_PLACE = re.compile(
    r"@ (?P<file>\S*pom\.xml|[^,@]*), line (?P<line>\d{1,7}), column (?P<column>\d{1,7})|@ line "
    r"(?P<line2>\d{1,7}), column (?P<column2>\d{1,7})"
)
RULE = re.compile(r"^\[ERROR\] Rule \d+: (?P<rule>\S+) failed with message:")
CRASHED = re.compile(
    r"^\[ERROR\] .*(?P<message>The forked VM terminated without (?:properly )?saying (?:properly )?goodbye.*)"
)
CRASH_DETAIL = re.compile(r"^\[ERROR\] (?:Process Exit Code: (?P<code>\d+)|Crashed tests:)")
NO_GOAL = re.compile(
    r"No plugin found for prefix|Unknown lifecycle phase|No goals have been specified"
    r"|there is no POM in this directory|The goal you specified requires a project"
)
SUMMARY_ONLY = re.compile(
    r"There (?:are|were) (?:some )?test failures|Compilation failure|You have \d+ (?:Checkstyle"
    r"|PMD)|There was a timeout"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    poms: set[str] = set()
    for number in hits:
        text = log.text(number)
        if pom := POM.match(text):
            key = pom["message"].split(" -> ")[0]
            if key not in poms:
                poms.add(key)
                yield pom_error(number, pom["message"])
        elif rule := RULE.match(text):
            yield enforcer(log, number, rule["rule"])
        elif crashed := CRASHED.match(text):
            yield from crash(log, number, crashed["message"], poms)
        elif goal := GOAL.match(text):
            yield from failed_goal(number, goal["rest"])
        elif NO_GOAL.search(text) and text.startswith("[ERROR]"):
            yield problem(
                number,
                "configuration",
                "Maven was called wrongly",
                text[8:],
                "Check the goal's name and the folder: mvn help:effective-pom",
            )


def problem(number: int, category: Category, title: str, message: str, advice: str) -> Diagnostic:
    return Diagnostic(title[:120], category, ((number, number),), message, suggestion=advice, confidence=CERTAIN)


def pom_error(number: int, message: str) -> Diagnostic:
    place = POM_PLACE.search(message)
    fields = place.groupdict() if place else {}
    line, column = fields.get("line") or fields.get("line2"), fields.get("column") or fields.get("column2")
    network = NETWORK.search(message)
    resolve = "Non-resolvable" in message
    return Diagnostic(
        title=f"pom.xml: {message.split(' @ ')[0].split(' (position')[0]}"[:120],
        category="network" if network else "dependency" if resolve else "configuration",
        lines=((number, number),),
        message=message,
        file=fields.get("file") or "pom.xml",
        line=int(line) if line else None,
        column=int(column) if column else None,
        suggestion="Run it again when the repository answers." if network else "Correct it and check: mvn -q validate",
        confidence=CERTAIN,
    )


def enforcer(log: Log, number: int, rule: str) -> Diagnostic:
    message = log.text(number + 1).removeprefix("[ERROR] ").strip()
    name = rule.rsplit(".", 1)[-1]
    return Diagnostic(
        title=f"Enforcer: {name}: {message}"[:120],
        category="dependency" if re.search(r"Converge|Dependenc|Upper|Banned|Duplicate", name) else "configuration",
        lines=((number, min(number + 1, log.last)),),
        message=message,
        suggestion="Set up the Java version that the project asks for (actions/setup-java)."
        if "JavaVersion" in name
        else "See what it asks for: mvn enforcer:enforce -X",
        confidence=CERTAIN,
    )


def crash(log: Log, number: int, message: str, seen: set[str]) -> Iterator[Diagnostic]:
    if "forked" in seen:
        return
    seen.add("forked")
    detail = log.find(CRASH_DETAIL, number, number + 12)
    code = CRASH_DETAIL.match(log.text(detail)) if detail else None
    killed = bool(code and code["code"] == "137")
    lines = ((number, number),) if detail is None else ((number, number), (detail, min(detail + 1, log.last)))
    yield Diagnostic(
        title="The JVM of the tests died",
        category="resource" if killed else "runtime",
        lines=lines,
        message=message,
        suggestion=(
            "Look into target/surefire-reports/*.dumpstream and hs_err_pid*.log; a test may call "
            "System.exit, or memory ran out (argLine -Xmx)."
        ),
        confidence=CERTAIN,
    )


def failed_goal(number: int, rest: str) -> Iterator[Diagnostic]:
    artifact = ARTIFACT.search(rest)
    name = artifact["artifact"] if artifact else ""
    if FORBIDDEN.search(rest) and UNRESOLVED.search(rest):
        yield problem(
            number,
            "permission",
            f"Maven may not read {name}",
            rest,
            "Check the credentials of the repository: <server> in settings.xml and the secret it reads.",
        )
    elif NETWORK.search(rest):
        yield problem(
            number,
            "network",
            f"Maven could not fetch {name}".rstrip(),
            rest,
            "Run it again; if it comes back, cache ~/.m2/repository and set -Dmaven.wagon.http.retryHandler.count=3.",
        )
    elif UNRESOLVED.search(rest):
        yield problem(
            number,
            "dependency",
            f"Maven could not resolve {name}".rstrip(),
            rest,
            f"Check the coordinates and the repositories: mvn dependency:get -Dartifact={name}"
            if name
            else "See the tree: mvn dependency:tree",
        )
    elif not SUMMARY_ONLY.search(rest):
        plugin = PLUGIN.search(rest)
        title = f"{plugin['plugin']}:{plugin['goal']} failed" if plugin else "A Maven goal failed"
        yield Diagnostic(title, "unknown", ((number, number),), rest, confidence=SYMPTOM)
    else:
        yield Diagnostic("The Maven build failed", "unknown", ((number, number),), rest, confidence=SYMPTOM)


DETECTOR = Detector(
    "maven",
    (
        r"Failed to execute goal",
        r"Malformed POM",
        r"Non-parseable POM",
        r"Non-resolvable ",
        r"ERROR\S{0,12} +'[\w.\[\]]+' (?:for|is|contains)",
        r"Rule [0-9]+: ",
        r"forked VM terminated",
        r"No plugin found for prefix",
        r"Unknown lifecycle phase",
        r"No goals have been",
        r"requires a project",
    ),
    find,
)
