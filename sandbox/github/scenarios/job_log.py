"""Writes a job's log as the runner of GitHub Actions does: timestamps, groups, its own steps around ours."""

import random
from datetime import datetime, timedelta

from sandbox.github.create import JobSpec

RUNNER = "2.334.0"
IMAGE = "20261102.41.1"


class JobLog:
    """One job. Lines are added from top to bottom; `seconds` of a line pass before it is written.

    `seed` fixes the small differences between runs (pauses, ids), so that a log can be made again.
    """

    def __init__(self, name: str, *, repository: str, sha: str, started: datetime, seed: str) -> None:
        self.name, self.repository, self.sha = name, repository, sha
        self._random = random.Random(seed)
        self._started = self._clock = started
        self._lines: list[str] = []
        self._steps: list[tuple[str, str, int]] = []
        self._labels = ["ubuntu-24.04"]
        self._set_up()

    @property
    def workspace(self) -> str:
        name = self.repository.split("/")[1]
        return f"/home/runner/work/{name}/{name}"

    def step(self, name: str) -> None:
        """The lines from here on belong to this step."""
        self._steps.append((name, "success", len(self._lines) + 1))

    def line(self, text: str = "", *, seconds: float = 0.0) -> None:
        self._clock += timedelta(seconds=seconds, microseconds=self._random.randint(40, 9000))
        stamp = self._clock.strftime("%Y-%m-%dT%H:%M:%S.%f") + f"{self._random.randint(0, 9)}Z"
        self._lines.append(f"{stamp} {text}")

    def text(self, block: str, *, seconds: float = 0.0) -> None:
        """Several lines; the pause lies before the first."""
        for number, line in enumerate(block.strip("\n").split("\n")):
            self.line(line, seconds=0.0 if number else seconds)

    def group(self, title: str, block: str) -> None:
        self.line(f"##[group]{title}")
        self.text(block)
        self.line("##[endgroup]")

    def run(self, command: str, *, name: str | None = None, environment: str = "") -> None:
        """A step that runs a command of the workflow; its output follows with `text`."""
        lines = command.split("\n")
        self.step(name or f"Run {lines[0]}")
        coloured = "\n".join(f"\x1b[36;1m{line}\x1b[0m" for line in lines)
        block = f"{coloured}\nshell: /usr/bin/bash -e {{0}}" + (f"\nenv:\n{environment}" if environment else "")
        self.group(f"Run {lines[0]}", block)

    def use(self, action: str, inputs: str) -> None:
        """A step that runs an action."""
        self.step(f"Run {action}")
        self.group(f"Run {action}", f"with:\n{inputs}")

    def error(self, message: str) -> None:
        self.line(f"##[error]{message}")

    def warning(self, message: str) -> None:
        self.line(f"##[warning]{message}")

    def fail(self, code: int = 1) -> None:
        self.error(f"Process completed with exit code {code}.")
        self.mark("failure")

    def mark(self, conclusion: str) -> None:
        """The step written last came to this."""
        name, _, first = self._steps[-1]
        self._steps[-1] = (name, conclusion, first)

    def finish(self, conclusion: str = "success", *, clean: bool = True) -> JobSpec:
        """The runner's last step, and the job. `clean` False: the runner went away in the middle."""
        if clean:
            self.step("Post Run actions/checkout@v5")
            self.text(POST_CHECKOUT.format(workspace=self.workspace))
            self.step("Complete job")
            self.line("Cleaning up orphan processes", seconds=0.2)
        log = "\ufeff" + "\n".join(self._lines) + "\n"
        seconds = max(1, round((self._clock - self._started).total_seconds()))
        return JobSpec(self.name, conclusion, log.encode(), self._steps, labels=self._labels, seconds=seconds)

    def _set_up(self) -> None:
        self.step("Set up job")
        self.line(f"Current runner version: '{RUNNER}'")
        worker = f"{self._random.getrandbits(48):012x}"
        provisioner = f"Hosted Compute Agent\nVersion: 20261020.502\nWorker ID: {{{worker}}}"
        self.group("Runner Image Provisioner", provisioner)
        self.group("Operating System", "Ubuntu\n24.04.4\nLTS")
        self.group("Runner Image", f"Image: ubuntu-24.04\nVersion: {IMAGE}")
        self.group("GITHUB_TOKEN Permissions", "Contents: read\nMetadata: read\nPackages: read")
        self.text(SET_UP)
        self.line(f"Complete job name: {self.name}", seconds=0.4)
        self._check_out()

    def _check_out(self) -> None:
        self.use(
            "actions/checkout@v5",
            f"  repository: {self.repository}\n  token: ***\n  fetch-depth: 1\n  lfs: false",
        )
        self.line(f"Syncing repository: {self.repository}")
        version = f"Working directory is '{self.workspace}'\n[command]/usr/bin/git version\ngit version 2.52.0"
        self.group("Getting Git version info", version)
        fetch = f"[command]/usr/bin/git -c protocol.version=2 fetch --no-tags --prune --depth=1 origin +{self.sha}"
        self.group("Fetching the repository", fetch)
        self.line("[command]/usr/bin/git log -1 --format=%H", seconds=0.7)
        self.line(self.sha)


SET_UP = """
Secret source: Actions
Prepare workflow directory
Prepare all required actions
Getting action download info
Download action repository 'actions/checkout@v5' (SHA:4e7a1f0c92d35b8860c1aa7d5f3b29e6d1047c5a)
"""
POST_CHECKOUT = """
Post job cleanup.
[command]/usr/bin/git version
git version 2.52.0
Adding repository directory to the temporary git global config as a safe directory
[command]/usr/bin/git config --global --add safe.directory {workspace}
[command]/usr/bin/git config --local --unset-all http.https://github.com/.extraheader
"""
