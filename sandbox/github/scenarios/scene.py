"""What a scenario is given: whose run it writes the logs of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .job_log import JobLog


@dataclass(frozen=True)
class Scene:
    repository: str
    sha: str
    started: datetime
    seed: str

    def log(self, job: str) -> JobLog:
        """A job's log, begun a few seconds after the run."""
        return JobLog(
            job,
            repository=self.repository,
            sha=self.sha,
            started=self.started + timedelta(seconds=4),
            seed=f"{self.seed} {job}",
        )
