"""Runs to choose from: each writes the jobs of one run, with logs in the formats of the real tools."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.github.create import JobSpec

from . import go, infrastructure, javascript, python
from .scene import Scene

__all__ = ["GREEN", "SCENARIOS", "Scenario", "Scene"]


@dataclass(frozen=True)
class Scenario:
    """`passes_again`: a re-run of the failed jobs is green."""

    name: str
    title: str
    jobs: Callable[[Scene], list[JobSpec]]
    passes_again: bool = False


GREEN = Scenario("green", "All green", python.green)
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("pytest", "A test fails (pytest)", python.assertion),
        Scenario("typescript", "A type error (TypeScript)", javascript.type_error),
        Scenario("matrix", "12 jobs, one cause (import error)", python.matrix),
        Scenario("npm", "Dependencies conflict (npm)", javascript.dependency_conflict),
        Scenario("go-panic", "A panic in a test (Go)", go.panic),
        Scenario("disk", "The runner's disk is full", infrastructure.disk_full, passes_again=True),
        Scenario("network", "A flaky network", python.flaky_network, passes_again=True),
        Scenario("log-gone", "The log is gone (410)", infrastructure.log_gone),
        Scenario("log-never-ready", "The log never comes (404)", infrastructure.log_never_ready),
        GREEN,
    )
}
