from ci_analysis.models.analysis import Analysis, AnalysisQuerySet, Problem
from ci_analysis.models.delivery import Delivery
from ci_analysis.models.finding import Finding
from ci_analysis.models.github_app import GitHubApp
from ci_analysis.models.installation import Installation
from ci_analysis.models.job import Job, LogOutcome
from ci_analysis.models.publication import Publication
from ci_analysis.models.pull_request import PullRequest
from ci_analysis.models.repository import Repository
from ci_analysis.models.run import Run

__all__ = [
    "Analysis",
    "AnalysisQuerySet",
    "Delivery",
    "Finding",
    "GitHubApp",
    "Installation",
    "Job",
    "LogOutcome",
    "Problem",
    "Publication",
    "PullRequest",
    "Repository",
    "Run",
]
