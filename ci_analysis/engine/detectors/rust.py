"""Rust: rustc and Clippy, cargo's own errors, cargo test and nextest, rustfmt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

ERROR = re.compile(r"^error(?:\[(?P<code>E\d{4})\])?: (?P<message>.+)")
ARROW = re.compile(r"^\s*--> (?P<file>\S+?):(?P<line>\d{1,7}):(?P<column>\d{1,7})$")
CLIPPY = re.compile(r"clippy::(?P<lint>[\w-]+)|rust-clippy/\S+#(?P<page>\w+)")
CONSEQUENCE = re.compile(
    r"could not compile|aborting due to|test failed, to rerun|doctest failed|\d+ targets? failed"
    r"|process didn't exit|build failed, waiting|command failed|test run failed"
    r"|failed to run custom build"
)
NETWORK = re.compile(
    r"could(?:n't| not) (?:resolve|connect)|failed to download|timed? ?out|connection (?:refused"
    r"|reset)|spurious network error|SSL|failed to fetch|HTTP.*\b(?:5\d\d|429)\b",
    re.IGNORECASE,
)
DEPENDENCY = re.compile(
    r"no matching package|failed to select a version|failed to get `"
    r"|failed to load source for dependency|lock ?file|--locked|failed to resolve"
    r"|unresolved dependency|requires rustc|feature `?\S+`? (?:is|required)|does not have (?:that"
    r"|these|feature)"
)
LINKER = re.compile(r"linker `(?P<linker>[^`]+)` not found|linking with `(?P<with>[^`]+)` failed")
MANIFEST = re.compile(
    r"failed to parse manifest|could not find `Cargo\.toml`|could not parse input as TOML"
    r"|invalid TOML|failed to parse the `edition`|unknown (?:key|field|variant)"
)
SCRIPT = re.compile(r"^failed to run custom build command for `(?P<crate>[\w-]+)")
SCRIPT_PANIC = re.compile(r"^\s+thread '.+' (?:\(\d+\) )?panicked at (?P<file>\S+\.rs):(?P<line>\d{1,7}):\d+:$")
SCRIPT_MISSING = re.compile(
    r"pkg-config|[Cc]ould not find|not found|NotFound|Unable to find libclang|Missing dependency"
)
SCRIPT_OUTPUT = 200  # lines of a build script's output that are read
CARGO = re.compile(r"[Cc]argo|\bcrate|package `|linker `|linking with|rustc")
MAX_BODY = 60  # lines of one compiler message that are read


def find_compiler(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        error = ERROR.match(log.text(number))
        if error and (script := SCRIPT.match(error["message"])):
            yield build_script(log, number, script["crate"])
        elif error and not CONSEQUENCE.search(error["message"]):
            found = rustc(log, number, error) or cargo(log, number, error)
            if found:
                yield found


def build_script(log: Log, number: int, crate: str) -> Diagnostic:
    """build.rs of a crate ended badly; what it printed is indented below, often a panic at the end."""
    end = body_end(log, number, SCRIPT_OUTPUT)
    panic_at = log.find(SCRIPT_PANIC, number, end)
    place = SCRIPT_PANIC.match(log.text(panic_at)) if panic_at else None
    message = log.text(panic_at + 1).strip() if panic_at else log.text(end).strip()
    missing = SCRIPT_MISSING.search(" ".join(log.text(n) for n in range(number, end + 1)))
    own = place is not None and not place["file"].startswith("/")
    return Diagnostic(
        title=f"The build script of {crate} failed: {message}"[:120],
        category="dependency" if missing else "runtime",
        lines=((number, number), (panic_at, panic_at + 1)) if panic_at else ((number, number), (end, end)),
        message=message,
        file=place["file"] if place and own else None,
        line=int(place["line"]) if place and own else None,
        suggestion="Install the system library that it looks for in an earlier step (its -dev package and pkg-config)."
        if missing
        else f"Build it alone with its output: cargo build -vv -p {crate}",
        confidence=CERTAIN,
    )


def rustc(log: Log, number: int, error: re.Match[str]) -> Diagnostic | None:
    arrow = log.find(ARROW, number + 1, number + 4)
    place = ARROW.match(log.text(arrow)) if arrow else None
    if not arrow or not place:
        return None
    lint = clippy_lint(log, number)
    manifest = place["file"].endswith(".toml")
    advice = f"Read: rustc --explain {error['code']}" if error["code"] else "Run it here: cargo build"
    if lint:
        advice = f"Run it here: cargo clippy --fix -- -D clippy::{lint}"
    return Diagnostic(
        title=f"{'clippy::' + lint if lint else error['code'] or 'rustc'}: {error['message']}"[:120],
        category="lint" if lint else "configuration" if manifest else "compile",
        lines=((number, arrow),),
        message=error["message"],
        file=place["file"],
        line=int(place["line"]),
        column=int(place["column"]),
        suggestion="Correct the manifest, then: cargo metadata --no-deps" if manifest else advice,
        confidence=CERTAIN,
    )


def clippy_lint(log: Log, number: int) -> str | None:
    for at in range(number + 1, min(log.last, number + MAX_BODY) + 1):
        text = log.text(at)
        if not text:
            return None
        if found := CLIPPY.search(text):
            return (found["lint"] or found["page"]).replace("-", "_")
    return None


def cargo(log: Log, number: int, error: re.Match[str]) -> Diagnostic | None:
    """cargo's own errors have no place; their reasons follow under `Caused by:`."""
    end = body_end(log, number)
    body = " ".join(log.text(n).strip() for n in range(number, end + 1))
    kind = cargo_category(body)
    if kind is None or not CARGO.search(body):
        return None
    return Diagnostic(
        title=error["message"][:120],
        category=kind,
        lines=((number, end),),
        message=error["message"],
        file="Cargo.toml" if kind == "configuration" else None,
        suggestion=cargo_advice(kind, body),
        confidence=CERTAIN,
    )


def body_end(log: Log, number: int, reach: int = 30) -> int:
    end = number
    for at in range(number + 1, min(log.last, number + reach) + 1):
        text = log.text(at)
        if text.startswith(
            ("  ", "Caused by:", "location searched", "required by", "perhaps", "help: ", "versions that", "candidate")
        ):
            end = at
        elif text:
            return end
    return end


def cargo_category(body: str) -> Category | None:
    if NETWORK.search(body):
        return "network"
    if LINKER.search(body):
        return "dependency" if "not found" in body else "compile"
    if DEPENDENCY.search(body):
        return "dependency"
    return "configuration" if MANIFEST.search(body) else None


def cargo_advice(kind: Category, body: str) -> str:
    if kind == "network":
        return "Run it again; if it comes back, cache ~/.cargo/registry and set CARGO_NET_RETRY."
    if linker := LINKER.search(body):
        return (
            f"Install {linker['linker'] or linker['with']} in an earlier step, or set another linker in "
            f".cargo/config.toml."
        )
    if "lock" in body:
        return "Cargo.lock is behind Cargo.toml; commit the result of: cargo update --workspace"
    return (
        "Check the names and versions in Cargo.toml: cargo tree"
        if kind == "dependency"
        else "Correct the manifest: cargo metadata --no-deps"
    )


def find_symptom(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        error = ERROR.match(log.text(number))
        if error and CONSEQUENCE.search(error["message"]):
            yield Diagnostic(
                error["message"][:120],
                "compile" if "compile" in error["message"] else "test",
                ((number, number),),
                error["message"],
                confidence=SYMPTOM,
            )


DETECTORS = (
    Detector("rustc", (r"error(?:\[E[0-9]{4}\])?(?:\x1b\[[0-9;]{0,10}m){0,3}: ",), find_compiler),
    Detector(
        "cargo",
        (
            (
                r"error(?:\x1b\[[0-9;]{0,10}m){0,3}: (?:could not compile|test failed|doctest failed"
                r"|aborting due|process didn't)"
            ),
        ),
        find_symptom,
    ),
)
