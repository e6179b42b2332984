"""Container builds and registries: docker and BuildKit, podman, buildah, skopeo, compose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, GENERIC, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log

FAILED = re.compile(
    r"^(?:#\d+ )?(?:time=\"[^\"]*\" level=fatal msg=|ERROR: |Error: |error: "
    r"|Error response from daemon: |docker: |failed to solve: |target \S+: |denied: |unauthorized: "
    r"|Cannot connect).*$"
)
# The first entry that is found in the line decides.
KINDS: tuple[tuple[Category, re.Pattern[str], str], ...] = (
    (
        "infrastructure",
        re.compile(r"Cannot connect to the Docker daemon|Is the docker daemon running|docker\.sock: connect"),
        "Start the daemon or mount its socket: the runner needs Docker (services: docker:dind on GitLab).",
    ),
    (
        "network",
        re.compile(r"toomanyrequests|pull rate limit|429 Too Many"),
        "The registry limits pulls: log in before it (docker/login-action) or use a mirror.",
    ),
    (
        "permission",
        re.compile(
            r"unauthorized|access (?:to the resource is )?denied|authentication required|denied: "
            r"|no basic auth credentials|403 Forbidden|insufficient_scope|permission_denied"
        ),
        (
            "Log in to the registry in an earlier step, and check the token's scope (packages: write) and "
            "the image's name."
        ),
    ),
    (
        "resource",
        re.compile(r"no space left on device|port is already allocated|address already in use|cannot allocate memory"),
        "Free it first: docker system prune -af, or stop what holds the port.",
    ),
    (
        "network",
        re.compile(
            r"connection refused|i/o timeout|no such host|TLS handshake|connection reset|Client\.Timeout"
            r"|50[0234] |EOF$|x509:"
        ),
        "The registry did not answer: run it again; check its address and certificate.",
    ),
    (
        "configuration",
        re.compile(
            r"dockerfile parse error|unknown instruction|Unknown instruction|failed to read dockerfile"
            r"|no such file or directory.*Dockerfile|unknown flag|invalid reference format"
            r"|exec format error|yaml: |services\.\S+ .*(?:must|not allowed)",
            re.I,
        ),
        "Correct the Dockerfile or the command: docker build --check .",
    ),
    (
        "configuration",
        re.compile(
            r"failed to (?:compute cache key|calculate checksum)|COPY failed|ADD failed"
            r"|no source files were specified|no such file or directory|file not found in build context"
            r"|not found in build context"
        ),
        "The file is not in the build context: check the path from the context's root and .dockerignore.",
    ),
    (
        "dependency",
        re.compile(
            r"manifest (?:unknown|for .+ not found)|not found: manifest"
            r"|failed to resolve (?:source metadata|reference)|: not found$|no matching manifest"
            r"|repository does not exist|pull access denied|name unknown|status code from registry 404"
        ),
        "Check the image's name, tag and platform: docker manifest inspect <image>",
    ),
    (
        "runtime",
        re.compile(r"is unhealthy|dependency failed to start|exited \(\d+\)|container .+ exited with"),
        "Read the container's own log: docker compose logs <service>",
    ),
)
STEP = re.compile(
    r"process \"(?P<command>.+?)\" did not complete successfully: (?:exit code: )?(?:\d+|.+)"
    r"|building at STEP \"(?P<step>.+?)\": (?:while running runtime: )?(?:exit status \d+)"
    r"|The command '(?P<old>.+)' returned a non-zero code: \d+"
)
DOCKERFILE = re.compile(r"^(?P<file>\S*(?:Dockerfile|Containerfile)\S*):(?P<line>\d{1,7})$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if step := STEP.search(text):
            yield build_step(log, number, step)
        elif FAILED.match(text):
            yield from told(log, number, text)


def build_step(log: Log, number: int, step: re.Match[str]) -> Diagnostic:
    """The step's own output is the cause; this line only says which instruction it was."""
    command = step["command"] or step["step"] or step["old"]
    command = re.sub(r"^(?:/bin/sh|/bin/bash) -e?o?c ", "", command)
    at = log.find(DOCKERFILE, number, number - 40)
    place = DOCKERFILE.match(log.text(at)) if at else None
    return Diagnostic(
        title=f"The container build failed at: {command}"[:120],
        category="runtime",
        lines=((number, number),),
        message=log.text(number).strip(),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        suggestion="Build up to that instruction and look inside: docker build --progress=plain --target <stage> .",
        confidence=GENERIC,
    )


def told(log: Log, number: int, text: str) -> Iterator[Diagnostic]:
    for kind, pattern, advice in KINDS:
        if pattern.search(text):
            at = log.find(DOCKERFILE, number, number - 40)
            place = DOCKERFILE.match(log.text(at)) if at else None
            lines = ((number, number),)
            pulled = log.text(number - 1).startswith("Trying to pull")
            yield Diagnostic(
                title=f"Container: {shorten(text)}"[:120],
                category=kind,
                lines=((number - 1, number),) if pulled else lines,
                message=text.strip()[:1000],
                file=place["file"] if place else None,
                line=int(place["line"]) if place else None,
                suggestion=advice,
                confidence=CERTAIN
                if "manifest" in text or "daemon" in text or "STEP" in text or "solve" in text or pulled
                else LIKELY,
            )
            return


def shorten(text: str) -> str:
    """The last part of a chain of `a: b: c`, where the cause stands."""
    parts = re.sub(r"^.*?(?:msg=\"|rror: |ERROR: |daemon: )", "", text.strip().rstrip('"')).split(": ")
    return ": ".join(parts[-3:]) if len(parts) > 4 else ": ".join(parts)


DETECTOR = Detector(
    "container",
    (
        r"annot connect to the Docker daemon",
        r"level=fatal msg=",
        r"failed to solve",
        r"Error response from daemon",
        r"building at STEP",
        r"did not complete successfully",
        r"returned a non-zero code",
        r"toomanyrequests",
        r"manifest unknown",
        r"pinging container registry",
        r"initializing source docker://",
        r"reading manifest",
        r"denied: ",
        r"unauthorized: ",
        r"is unhealthy",
        r"dependency failed to start",
        r"dockerfile parse error",
        r"invalid reference format",
        r"pull access denied",
    ),
    find,
)
