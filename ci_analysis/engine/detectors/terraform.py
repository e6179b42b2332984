"""Terraform and OpenTofu, with and without the frame around their errors; Terragrunt; tflint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log

FRAME = re.compile(r"^(?:[│|] ?)?")
ERROR = re.compile(r"^(?:[│|] ?)?Error: (?P<message>.+)$")
PLACE = re.compile(r"^(?:[│|])?\s+on (?P<file>\S+\.(?:tf|tofu|tfvars|hcl|json)) line (?P<line>\d{1,7})(?:,|:)")
RUN = re.compile(r', in run "(?P<run>[^"]+)"')
LAST = re.compile(
    r"^╵|^(?:[│|] ?)?Error: |^(?:Failure|Success)! |^\S+\.tftest\.hcl\.\.\. |^(?:Operation failed"
    r"|Releasing state lock)"
)
NETWORK = re.compile(
    r"no such host|connection refused|i/o timeout|timeout while waiting|could not connect"
    r"|connection reset|TLS handshake|50[0234] |Too Many Requests|RequestError|Client\.Timeout",
    re.I,
)
PERMISSION = re.compile(
    r"AccessDenied|Unauthorized|403|not authorized|UnauthorizedOperation|InvalidClientTokenId"
    r"|ExpiredToken|No valid credential|AuthorizationFailed|PermissionDenied"
    r"|could not find default credentials|Forbidden",
    re.I,
)
LOCKED = re.compile(r"state lock|state blob is already locked|ConditionalCheckFailed", re.I)
DEPENDENCY = re.compile(
    r"provider (?:packages?|registry|version)|available provider|Failed to install provider"
    r"|Inconsistent dependency lock|lock file|Module not (?:found|installed)|Unreadable module"
    r"|Unsupported Terraform Core version|checksum",
    re.I,
)
PROVISIONER = re.compile(r"provisioner error|local-exec|remote-exec", re.I)
UNFORMATTED = re.compile(r"^(?P<file>[\w./-]+\.(?:tf|tfvars|tofu|tftest\.hcl))$")
VARIABLE = re.compile(r"No value for required variable.*?variable \"(?P<name>\w+)\"")
ADVICE: dict[Category, str] = {
    "infrastructure": "Another run holds the state: wait for it; only if it died: terraform force-unlock <id>",
    "permission": "Check the credentials of the job and the role's policy; a pull request of a fork gets no secrets.",
    "network": "Run it again; if it comes back, keep the providers in a cache: TF_PLUGIN_CACHE_DIR",
    "dependency": "Bring the lock file in line and commit it: terraform init -upgrade && terraform providers lock",
    "runtime": "Run the provisioner's command by hand; its output stands above.",
    "test": "Run it here: terraform test -verbose",
}
OWN = re.compile(
    r"^\s+on \S+\.(?:tf|tofu|tfvars|hcl|json) line \d|\b[Tt]erraform\b|[Oo]penTofu|\bprovider\b"
    r"|\bbackend\b|state lock|tfstate"
)
OWN_REACH = 12  # lines below `Error: ` in which Terraform names itself
REACH = 40


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        error = ERROR.match(log.text(number))
        if error and is_terraform(log, number):
            yield terraform_error(log, number, error["message"])


def is_terraform(log: Log, number: int) -> bool:
    """`Error: ` alone is anybody's; Terraform frames it, or has empty lines around it and names its own things."""
    if log.text(number)[:1] in ("│", "|") or log.text(number - 1).startswith("╷"):
        return True
    apart = log.text(number - 1) == "" and log.text(number + 1) == ""
    return apart and log.find(OWN, number, number + OWN_REACH) is not None


def terraform_error(log: Log, number: int, message: str) -> Diagnostic:
    end = next(
        (n - 1 for n in range(number + 1, min(log.last, number + REACH) + 1) if LAST.match(log.text(n))),
        min(log.last, number + REACH),
    )
    texts = {n: FRAME.sub("", log.text(n)).strip() for n in range(number + 1, end + 1)}
    place_at = next((n for n in texts if PLACE.match(log.text(n))), None)
    place = PLACE.match(log.text(place_at)) if place_at else None
    told = " ".join(text for text in texts.values() if text)
    run = RUN.search(log.text(place_at)) if place_at else None
    kind = "test" if run and "assertion" in message.lower() else category(f"{message} {told}", place is not None)
    last = next((n for n in range(end, number, -1) if texts[n]), number)
    return Diagnostic(
        title=f"Terraform: {message}"[:120],
        category=kind,
        lines=((number, min(last, number + 12)),),
        message=f"{message}: {explanation(texts)}".rstrip(": ")[:600],
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=(run["run"],) if run and kind == "test" else (),
        suggestion=advice(kind, f"{message} {told}"),
        confidence=CERTAIN,
    )


def explanation(texts: dict[int, str]) -> str:
    """The prose below the place and its source line."""
    prose = [text for text in texts.values() if text and not re.match(r"on \S+ line|with |\d+:|[├│─]", text)]
    return " ".join(prose)


def category(told: str, placed: bool) -> Category:
    if LOCKED.search(told) and "lock file" not in told.lower():
        return "infrastructure"
    if PERMISSION.search(told):
        return "permission"
    if NETWORK.search(told):
        return "network"
    if PROVISIONER.search(told):
        return "runtime"
    if DEPENDENCY.search(told):
        return "dependency"
    return "configuration" if placed else "unknown"


def advice(kind: Category, told: str) -> str:
    unset = VARIABLE.search(told)
    if unset:
        name = unset["name"]
        return f"Set it in the job: TF_VAR_{name} in env (from a secret; runs of forks get none), or give it a default."
    return ADVICE.get(kind, "Check it here: terraform init -backend=false && terraform validate")


def find_unformatted(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        name = UNFORMATTED.match(log.text(number).strip())
        if name:
            yield Diagnostic(
                f"{name['file']} is not formatted",
                "lint",
                ((number, number),),
                f"terraform fmt would change {name['file']}",
                name["file"],
                suggestion="Format and commit: terraform fmt -recursive",
                confidence=LIKELY,
            )


DETECTORS = (
    Detector("terraform", (r"Error: ",), find),
    Detector("terraform fmt", (r"\.(?:tf|tfvars|tofu|tftest\.hcl)\s*$",), find_unformatted),
)
