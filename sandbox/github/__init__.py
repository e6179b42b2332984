"""A stand-in for GitHub on loopback: REST API, webhooks and pages, for the demo and for tests."""

from .create import JobSpec
from .faults import Fault
from .models import FileChange
from .server import PortTaken
from .standin import StandInGitHub

__all__ = ["Fault", "FileChange", "JobSpec", "PortTaken", "StandInGitHub"]
