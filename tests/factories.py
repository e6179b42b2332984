# factory-boy declares types, but not those of its declarations.
# mypy: disallow-untyped-calls=False
"""One factory a model. A row is written in the context that may see all, whatever context the test itself is in.

What belongs together is of one organization: `FindingFactory.create(analysis=analysis)` makes its job in the same run.
Call `.create()`: only that has the model's type.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from accounts.models import User
from ci_analysis.models import (
    Analysis,
    Delivery,
    Finding,
    Installation,
    Job,
    LogOutcome,
    Publication,
    PullRequest,
    Repository,
    Run,
)
from orgs import tenancy
from orgs.models import Membership, Organization, Role

M = TypeVar("M", bound=Model)

SHA = "4f2d9c1ab7e85360d1c94b7a62f0e83d5b1c7a90"
STARTED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class SeenByAll(DjangoModelFactory[M]):
    """Writes past the tenant policies, as only the system does."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[M], *args: Any, **kwargs: Any) -> M:
        with tenancy.all_organizations():
            row: M = super()._create(model_class, *args, **kwargs)
        return row


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = Sequence(lambda n: f"person-{n}@fixci.example")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return User.objects.create_user(*args, **kwargs)


class OrganizationFactory(SeenByAll[Organization]):
    class Meta:
        model = Organization

    name = Sequence(lambda n: f"Halden {n}")
    slug = Sequence(lambda n: f"halden-{n}")


class MembershipFactory(SeenByAll[Membership]):
    class Meta:
        model = Membership

    org = SubFactory(OrganizationFactory)
    user = SubFactory(UserFactory)
    role = Role.OWNER


class InstallationFactory(SeenByAll[Installation]):
    class Meta:
        model = Installation

    org = SubFactory(OrganizationFactory)
    github_id = Sequence(lambda n: 5_000_000 + n)
    account_id = Sequence(lambda n: 70_000 + n)
    account_login = "halden"
    account_type = "Organization"


class RepositoryFactory(SeenByAll[Repository]):
    class Meta:
        model = Repository

    installation = SubFactory(InstallationFactory)
    org = SelfAttribute("installation.org")
    github_id = Sequence(lambda n: 7_000_000 + n)
    full_name = Sequence(lambda n: f"halden/ledger-{n}")
    default_branch = "main"


class PullRequestFactory(SeenByAll[PullRequest]):
    class Meta:
        model = PullRequest

    repository = SubFactory(RepositoryFactory)
    org = SelfAttribute("repository.org")
    number = Sequence(lambda n: n + 1)
    head_owner = "halden"
    head_branch = "round-totals"


class RunFactory(SeenByAll[Run]):
    class Meta:
        model = Run

    repository = SubFactory(RepositoryFactory)
    org = SelfAttribute("repository.org")
    github_id = Sequence(lambda n: 9_000_000 + n)
    attempt = 1
    workflow_id = 77
    workflow_name = "CI"
    event = "pull_request"
    head_owner = "halden"
    head_branch = "round-totals"
    head_sha = SHA
    conclusion = "failure"
    html_url = LazyAttribute(lambda run: f"https://github.example/{run.repository}/actions/runs/{run.github_id}")
    started_at = STARTED


class JobFactory(SeenByAll[Job]):
    class Meta:
        model = Job

    run = SubFactory(RunFactory)
    org = SelfAttribute("run.org")
    github_id = Sequence(lambda n: 11_000_000 + n)
    name = Sequence(lambda n: f"test (3.{n % 20})")
    conclusion = "failure"
    html_url = LazyAttribute(lambda job: f"{job.run.html_url}/job/{job.github_id}")
    failed_step = "Run tests"
    failed_step_number = 4
    log_outcome = LogOutcome.READ
    log_bytes = 48_213
    log_lines = 612


class AnalysisFactory(SeenByAll[Analysis]):
    """Done, with one failed job counted; jobs and findings are their own factories'."""

    class Meta:
        model = Analysis

    run = SubFactory(RunFactory)
    org = SelfAttribute("run.org")
    status = Analysis.Status.DONE
    category = "test"
    jobs_failed = 1
    engine_version = "1"


class FindingFactory(SeenByAll[Finding]):
    class Meta:
        model = Finding

    analysis = SubFactory(AnalysisFactory)
    org = SelfAttribute("analysis.org")
    job = SubFactory(JobFactory, run=SelfAttribute("..analysis.run"))
    position = Sequence(lambda n: n % 30_000)
    title = "assert 30.005 == 30.01 in test_total_is_rounded_once"
    category = "test"
    confidence = "0.950"
    tool = "pytest"
    message = "assert 30.005 == 30.01"
    suggestion = "Compare what the test expects with what the code returns."
    file = "tests/test_basket.py"
    line = 41
    failed_tests = LazyFunction(lambda: ["tests/test_basket.py::test_total_is_rounded_once"])
    lines = LazyFunction(lambda: [[120, 121]])
    step_line = 12
    fingerprint = Sequence(lambda n: f"f1:{n:032x}")
    excerpt = LazyFunction(
        lambda: [
            {"number": 118, "text": "    def test_total_is_rounded_once():", "evidence": False},
            {"number": 119, "text": "        basket = Basket([item('10.0017'), item('20.0033')])", "evidence": False},
            {"number": 120, "text": ">       assert basket.total() == Decimal('30.01')", "evidence": True},
            {"number": 121, "text": "E       AssertionError: assert 30.005 == 30.01", "evidence": True},
            {"number": 140, "text": "1 failed, 212 passed in 3.40s", "evidence": False},
        ]
    )


class PublicationFactory(SeenByAll[Publication]):
    """The check run of an analysis, wanted and shown. A comment: `analysis=None, pull_request=...`."""

    class Meta:
        model = Publication

    analysis = SubFactory(AnalysisFactory)
    pull_request = None
    org = LazyAttribute(lambda row: (row.analysis or row.pull_request).org)
    wanted = 1
    published = 1
    github_id = Sequence(lambda n: 13_000_000 + n)
    html_url = LazyAttribute(lambda row: f"https://github.example/shown/{row.github_id}")


class DeliveryFactory(SeenByAll[Delivery]):
    class Meta:
        model = Delivery

    guid = Sequence(lambda n: f"7f0c2a1e-0000-4000-8000-{n:012d}")
    event = "workflow_run"
    action = "completed"
    payload = LazyFunction(dict)
