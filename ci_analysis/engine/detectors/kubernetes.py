"""kubectl, Helm and the checkers of their files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log

SERVER = re.compile(
    r"^(?P<message>Error from server(?: \((?P<reason>\w+)\))?: .+"
    r"|The connection to the server .+ was refused.*|Unable to connect to the server: .+"
    r"|error: You must be logged in to the server.*)"
)
LOCAL = re.compile(
    r"^error: (?P<message>(?:error (?:parsing|validating) \"?(?P<file>[^\s:\"]+)\"?: .+"
    r"|unable to recognize .+|resource mapping not found .+|the path \"[^\"]+\" does not exist"
    r"|timed out waiting for the condition.*|no objects passed .+"
    r"|deployment \"[^\"]+\" exceeded its progress deadline))"
)
YAML_LINE = re.compile(r"\bline (?P<line>\d{1,7})")
HELM = re.compile(
    r"^(?:Error: (?P<message>(?:INSTALLATION FAILED|UPGRADE FAILED|template: |YAML parse error"
    r"|chart |repo |failed to (?:download|fetch)|execution error|values don't meet|parse error"
    r"|\d+ chart\(s\) linted, [1-9]).*)|\[ERROR\] (?P<lint>(?:templates|values\.yaml|Chart\.yaml"
    r"|\S+/).*))$"
)
HELM_PLACE = re.compile(
    r"(?:template: |in )(?P<file>[\w./-]+\.(?:ya?ml|tpl|txt)):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))?"
)
KUBECONFORM = re.compile(r"^(?P<file>\S+\.ya?ml) - (?P<message>\w+ \S+ (?:is invalid|failed validation): .+)")
REASONS: dict[str, Category] = {
    "Forbidden": "permission",
    "Unauthorized": "permission",
    "InternalError": "infrastructure",
    "ServiceUnavailable": "network",
    "Timeout": "network",
}
NETWORK = re.compile(r"refused|no such host|timeout|i/o|TLS|x509|EOF|Unable to connect")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if server := SERVER.match(text):
            yield server_error(number, server)
        elif local := LOCAL.match(text):
            yield local_error(number, local)
        elif helm := HELM.match(text):
            yield helm_error(number, helm["message"] or helm["lint"])
        elif checked := KUBECONFORM.match(text):
            advice = f"Check it here: kubeconform -summary {checked['file']}"
            yield diagnostic(number, "lint", checked["message"], (checked["file"], None, None), advice)


def server_error(number: int, server: re.Match[str]) -> Diagnostic:
    message = server["message"]
    unknown: Category = "network" if NETWORK.search(message) else "configuration"
    kind = "permission" if "logged in" in message else REASONS.get(server["reason"] or "", unknown)
    advice = "Check the context and its rights: kubectl config current-context && kubectl auth can-i --list"
    return diagnostic(number, kind, message, None, advice)


def local_error(number: int, local: re.Match[str]) -> Diagnostic:
    message = local["message"]
    line = YAML_LINE.search(message)
    place = (local["file"], line["line"] if line else None, None)
    if "timed out" in message or "deadline" in message:
        advice = "See why it does not become ready: kubectl describe pods && kubectl logs deploy/<name>"
        return diagnostic(number, "runtime", message, place, advice)
    if NETWORK.search(message):
        advice = "The API server does not answer: check the address and that the cluster runs: kubectl cluster-info"
        return diagnostic(number, "network", message, place, advice)
    return diagnostic(
        number, "configuration", message, place, "Check the file: kubectl apply --dry-run=client -f <file>"
    )


def helm_error(number: int, message: str) -> Diagnostic:
    place = HELM_PLACE.search(message)
    kind: Category = (
        "network"
        if NETWORK.search(message) and "timed out waiting" not in message
        else "runtime"
        if "timed out waiting" in message
        else "configuration"
    )
    return diagnostic(
        number,
        kind,
        message,
        (place["file"], place["line"], place["column"]) if place else None,
        "Render it here: helm template <chart> --debug",
    )


def diagnostic(
    number: int, kind: Category, message: str, place: tuple[str | None, str | None, str | None] | None, advice: str
) -> Diagnostic:
    file, line, column = place or (None, None, None)
    return Diagnostic(
        title=f"Kubernetes: {message}"[:120],
        category=kind,
        lines=((number, number),),
        message=message,
        file=file,
        line=int(line) if line else None,
        column=int(column) if column else None,
        suggestion=advice,
        confidence=CERTAIN if file else LIKELY,
    )


DETECTOR = Detector(
    "kubernetes",
    (
        r"Error from server",
        r"connection to the server .{1,200} was refused",
        r"Unable to connect to the server",
        r"must be logged in to the server",
        (r"error: (?:error |unable to recog|resource mapping|the path|timed out wait|no objects|deployment)"),
        (r"Error: (?:INSTALLATION|UPGRADE|template|YAML|chart|repo|failed to|execution|values|parse|[0-9]+ chart)"),
        r"\[ERROR\] (?:templates|values|Chart)",
        r"\.ya?ml - \w+ ",
    ),
    find,
)
