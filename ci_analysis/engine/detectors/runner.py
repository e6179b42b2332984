"""What the CI service says about the job itself: cancelled, out of time, runner lost, an action that can't be had.

The words are those that actions/runner, GitLab Runner, Travis, CircleCI, Azure Pipelines and Jenkins document; a job
can't be cancelled or lost on purpose outside of these services, so that there are no samples of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log

AGAIN = "Nothing in the change explains this; run the job again."
TABLE: tuple[tuple[str, Category, float, re.Pattern[str], str], ...] = (
    (
        "The runner was shut down",
        "infrastructure",
        CERTAIN,
        re.compile(
            r"The runner has received a shutdown signal|Received request to deprovision"
            r"|runner has been lost|runner was shut down"
        ),
        AGAIN,
    ),
    (
        "The runner was lost",
        "infrastructure",
        CERTAIN,
        re.compile(
            r"lost communication with the server|We stopped hearing from agent|Cannot contact \S+: "
            r"|ChannelClosedException|agent (?:went|is) offline|Job failed \(system failure\)"
            r"|Runner system failure"
        ),
        AGAIN + " If it comes back, look at the runner's memory and network.",
    ),
    (
        "The job ran longer than its limit",
        "infrastructure",
        CERTAIN,
        re.compile(
            r"has exceeded the maximum execution time of|ran longer than the maximum time"
            r"|exceeded the maximum time limit for jobs|execution took longer than|Build timed out \(after"
            r"|The action '.+' has timed out after|has timed out after \d+ minutes"
        ),
        (
            "Find the step that took so long (compare with a green run's times), then raise "
            "timeout-minutes if it is right."
        ),
    ),
    (
        "The job printed nothing for too long",
        "infrastructure",
        CERTAIN,
        re.compile(r"No output has been received in the last|Too long with no output"),
        "Something hangs: run it with a time limit of its own, so that it shows where.",
    ),
    (
        "The job was cancelled",
        "infrastructure",
        LIKELY,
        re.compile(
            r"^The operation was cancell?ed\.?$|^The (?:job|run|build|workflow run) was cancell?ed"
            r"|Job was canceled|Canceling since a higher priority waiting request"
        ),
        (
            "A person, a newer push (concurrency: cancel-in-progress) or fail-fast of the matrix cancelled "
            "it; look at the job that failed first."
        ),
    ),
    (
        "An action could not be found",
        "configuration",
        CERTAIN,
        re.compile(
            r"Unable to resolve action|Can't find 'action\.yml'|An action could not be found at the URI"
            r"|Missing download info for"
        ),
        "Check the action's name and version in `uses:`, and check the repository out before a local action.",
    ),
    (
        "An action is too old to run",
        "configuration",
        CERTAIN,
        re.compile(r"This request has been automatically failed because it uses a deprecated version of"),
        "Raise the action's version in `uses:`.",
    ),
    (
        "An input of an action is missing",
        "configuration",
        CERTAIN,
        re.compile(r"^(?:Error: )?Input required and not supplied: (?P<what>.+)"),
        "The secret or input is empty here; pull requests of forks get no secrets.",
    ),
    (
        "The token may not do this",
        "permission",
        CERTAIN,
        re.compile(
            r"Resource not accessible by (?:integration|personal access token)"
            r"|refusing to allow an? (?:GitHub App|OAuth App|integration)"
        ),
        "Give the job the right it needs with `permissions:`; pull requests of forks get a read-only token.",
    ),
    (
        "The service limits the rate",
        "network",
        LIKELY,
        re.compile(r"API rate limit exceeded|secondary rate limit"),
        "Pass a token to the step (github-token), ask less often, and wait as told by Retry-After.",
    ),
    (
        "An artifact is missing",
        "configuration",
        LIKELY,
        re.compile(
            r"Unable to (?:find|download) (?:an )?artifact|Artifact not found for name"
            r"|No files were found with the provided path: .+ No artifacts"
        ),
        "Check its name and that the job that uploads it ran before (needs:).",
    ),
    (
        "The job's container could not start",
        "infrastructure",
        CERTAIN,
        re.compile(
            r"Failed to initialize container|One or more containers failed to start|Docker (?:pull|create"
            r"|start) failed with exit code"
        ),
        "Look at the container's own lines above: its image, credentials and health check.",
    ),
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number).strip()
        for title, kind, confidence, pattern, advice in TABLE:
            if found := pattern.search(text):
                what = found.groupdict().get("what")
                yield Diagnostic(
                    f"{title}: {what}" if what else title,
                    kind,
                    ((number, number),),
                    text,
                    suggestion=advice,
                    confidence=confidence,
                )
                break


DETECTOR = Detector(
    "runner",
    (
        r"received a shutdown signal",
        r"Received request to deprovision",
        r"lost communication with the server",
        r"stopped hearing from agent",
        r"Cannot contact \S{1,80}: ",
        r"ChannelClosedException",
        r"\(system failure\)",
        r"[Rr]unner system failure",
        r"exceeded the maximum (?:execution )?time",
        r"ran longer than the maximum",
        r"execution took longer than",
        r"Build timed out \(after",
        r"has timed out after",
        r"No output has been received in",
        r"Too long with no output",
        r"was cancell?ed",
        r"Canceling since a higher",
        r"Unable to resolve action",
        r"Can't find 'action",
        r"An action could not be found",
        r"Missing download info for",
        r"automatically failed because it uses",
        r"Input required and not supplied",
        r"Resource not accessible by",
        r"refusing to allow an",
        r"rate limit",
        r"[Aa]rtifact not found",
        r"Unable to (?:find|download) (?:an )?artifact",
        r"Failed to initialize container",
        r"containers failed to start",
        r"Docker (?:pull|create|start) failed",
    ),
    find,
)
