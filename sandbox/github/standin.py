"""The stand-in GitHub as tests and the demo use it."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import control, create, events, server
from .create import DEFAULT_EVENTS, DEFAULT_PERMISSIONS, JobSpec
from .faults import Fault
from .keys import key_of_this_process, public_key_of
from .models import (
    App,
    CheckRun,
    Comment,
    CommitStatus,
    Delivery,
    FileChange,
    Installation,
    Job,
    Permissions,
    PullRequest,
    Repository,
    Run,
)
from .shapes import Json
from .site import RecordedRequest, Site
from .state import State, now
from .webhooks import SignedWebhook


class StandInGitHub:
    """GitHub on loopback: `with StandInGitHub(webhook_url=...) as github:` starts it, the end stops it.

    Attributes for the client's settings: `api_url`, `web_url`, `log_hosts`, `app_id`, `app_slug`,
    `private_key` (PEM), `webhook_secret`. Without a `webhook_url` webhooks are recorded and not sent.
    `port` and `log_port` 0: free ones. Raises server.PortTaken, ValueError for a bad state file.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        log_port: int = 0,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        private_key: str | None = None,
        app_slug: str = "fixci",
        app_name: str = "FixCI",
        setup_url: str | None = None,
        state_file: Path | None = None,
    ) -> None:
        self.private_key = private_key or key_of_this_process()
        with ExitStack() as opened:
            self._main = server.bind(port)
            opened.callback(self._main.server_close)
            self._logs = server.bind(log_port)
            opened.callback(self._logs.server_close)
            self.site = Site(server.origin(self._main), server.origin(self._logs), state_file)
            opened.pop_all()
        app = self.state.app_by_slug(app_slug) or self._new_app(app_slug, app_name)
        app.public_key = public_key_of(self.private_key)
        app.webhook_secret = webhook_secret or app.webhook_secret
        app.webhook_url, app.setup_url = webhook_url, setup_url
        self.app = app

    def _new_app(self, slug: str, name: str) -> App:
        app = App(
            self.state.new_id("app"),
            slug,
            name,
            self.state.account("fixci-makers", "Organization").login,
            "",
            secrets.token_hex(20),
            dict(DEFAULT_PERMISSIONS),
            list(DEFAULT_EVENTS),
            now(),
            self.state.new_id("hook"),
            "Iv23li" + secrets.token_hex(7),
        )
        self.state.tables.apps[app.id] = app
        return app

    def start(self) -> Self:
        server.serve(self._main, server.main_application(self.site))
        server.serve(self._logs, server.log_application(self.site))
        self.site.webhooks.start()
        return self

    def stop(self) -> None:
        self.site.stopping.set()
        self.site.webhooks.stop()
        server.shut_down(self._main, self._logs)
        self.site.save()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # For the client's settings

    @property
    def state(self) -> State:
        return self.site.state

    @property
    def api_url(self) -> str:
        return self.site.api

    @property
    def web_url(self) -> str:
        return self.site.web

    @property
    def log_hosts(self) -> tuple[str, ...]:
        return (server.HOST,)

    @property
    def app_id(self) -> int:
        return self.app.id

    @property
    def app_slug(self) -> str:
        return self.app.slug

    @property
    def webhook_secret(self) -> str:
        return self.app.webhook_secret

    # What people and Actions do. None of these sends a webhook, save those called send_...

    def add_repository(self, full_name: str, **settings: Any) -> Repository:
        """See create.add_repository."""
        with self.state.lock:
            return create.add_repository(self.state, full_name, **settings)

    def install(
        self,
        account: str,
        *,
        repositories: Sequence[Repository] | None = None,
        permissions: Permissions | None = None,
    ) -> Installation:
        """Installs the App; `repositories` None: on all of the account."""
        with self.state.lock:
            return create.add_installation(
                self.state, self.app.id, account, repositories=repositories, permissions=permissions
            )

    def uninstall(self, installation: Installation) -> None:
        with self.state.lock:
            del self.state.tables.installations[installation.id]

    def suspend(self, installation: Installation) -> None:
        installation.suspended_at = now()

    def unsuspend(self, installation: Installation) -> None:
        installation.suspended_at = None

    def open_pull_request(
        self,
        repository: Repository,
        *,
        title: str = "Round totals once",
        branch: str = "round-totals",
        author: str = "marit",
        body: str = "",
        fork_owner: str | None = None,
        files: Sequence[FileChange] = (),
    ) -> PullRequest:
        with self.state.lock:
            return create.open_pull_request(
                self.state,
                repository,
                title=title,
                branch=branch,
                author=author,
                body=body,
                fork_owner=fork_owner,
                files=files,
            )

    def push(self, pull_request: PullRequest, message: str = "Another try") -> str:
        """A new commit on the pull request; its sha."""
        with self.state.lock:
            return create.push(self.state, pull_request, message).sha

    def add_run(
        self,
        repository: Repository,
        jobs: Sequence[JobSpec],
        *,
        rerun: Sequence[JobSpec] | None = None,
        **settings: Any,
    ) -> Run:
        """A finished run, see create.add_run. `rerun`: what the jobs come to when they run again."""
        with self.state.lock:
            run = create.add_run(self.state, repository, jobs, **settings)
        if rerun is not None:
            self.site.planned_reruns[run.id] = list(rerun)
        return run

    def add_attempt(self, run: Run, jobs: Sequence[JobSpec], *, actor: str | None = None) -> None:
        with self.state.lock:
            create.add_attempt(self.state, run, jobs, actor=actor or run.actor)

    def add_comment(self, repository: Repository, pull_request: PullRequest, body: str, *, author: str) -> Comment:
        """A person's comment."""
        with self.state.lock:
            return create.add_comment(self.state, repository, pull_request.number, body, author=author)

    def add_reaction(self, comment: Comment, *, user: str, content: str = "+1") -> None:
        with self.state.lock:
            create.add_reaction(self.state, comment, user=user, content=content)

    # Webhooks

    def send_workflow_run(self, run: Run, action: str = "completed", *, wait: bool = True) -> Delivery:
        """Raises LookupError where no App was told: none listens there, or the webhook was to be lost."""
        repository = self.state.tables.repositories[run.repository_id]
        sent = events.workflow_run_event(self.site, repository, run, action, wait=wait)
        if not sent:
            raise LookupError(f"nobody was told of the run in {repository.full_name}")
        return sent[0]

    def send_installation(self, installation: Installation, action: str, *, wait: bool = True) -> Delivery | None:
        """created, deleted, suspend or unsuspend."""
        return events.installation_event(self.site, installation, action, wait=wait)

    def send_installation_repositories(
        self,
        installation: Installation,
        *,
        added: Sequence[Repository] = (),
        removed: Sequence[Repository] = (),
        wait: bool = True,
    ) -> Delivery | None:
        return events.installation_repositories_event(
            self.site, installation, added=list(added), removed=list(removed), wait=wait
        )

    def send_check_rerequested(self, check: CheckRun, *, sender: str = "marit", wait: bool = True) -> Delivery | None:
        repository = self.state.tables.repositories[check.repository_id]
        return events.check_run_event(self.site, repository, check, "rerequested", sender=sender, wait=wait)

    def send_ping(self, *, wait: bool = True) -> Delivery | None:
        return events.ping_event(self.site, self.app.id, wait=wait)

    def send(self, event: str, payload: Json, *, wait: bool = True) -> Delivery | None:
        """Anything, signed, as it is."""
        if event not in self.app.events:
            self.app.events.append(event)
        return self.site.webhooks.emit(event, payload, app=self.app, wait=wait)

    def redeliver(self, delivery: Delivery, *, wait: bool = True) -> Delivery:
        return self.site.webhooks.redeliver(delivery, wait=wait)

    def signed(self, delivery: Delivery) -> SignedWebhook:
        """Body and headers of a delivery, to hand to a view without HTTP."""
        return self.site.webhooks.signed(delivery)

    # What goes wrong on demand; see faults.Fault for the kinds

    def fail(self, method: str, path: str, kind: str = "status", **settings: Any) -> Fault:
        return self.site.faults.add(Fault(method, path, kind, **settings))

    def expire_tokens(self) -> None:
        control.expire(self.site, "tokens")

    def expire_log_links(self) -> None:
        control.expire(self.site, "log_links")

    # What there is to see afterwards

    def comments(self, pull_request: PullRequest) -> list[Comment]:
        repository = self.state.tables.repositories[pull_request.repository_id]
        with self.state.lock:
            return self.state.comments_of(repository, pull_request.number)

    def check_runs(self, repository: Repository, sha: str) -> list[CheckRun]:
        with self.state.lock:
            return self.state.check_runs_of(repository, sha)

    def statuses(self, repository: Repository, sha: str) -> list[CommitStatus]:
        with self.state.lock:
            return self.state.statuses_of(repository, sha)

    def jobs(self, run: Run, attempt: int | None = None) -> list[Job]:
        """Of the latest attempt if none is given."""
        with self.state.lock:
            return self.state.jobs_of(run, attempt or run.latest.number)

    def deliveries(self, event: str | None = None) -> list[Delivery]:
        with self.state.lock:
            return [d for d in self.state.tables.deliveries.values() if event in (None, d.event)]

    def requests(self, method: str | None = None, path: str = "", origin: str = "api") -> list[RecordedRequest]:
        """What was received, oldest first; `path` is a part of the path."""
        return [
            r for r in list(self.site.requests) if r.origin == origin and method in (None, r.method) and path in r.path
        ]

    def environment(self) -> Mapping[str, str]:
        """The settings of our own processes, as environment variables."""
        return {
            "GITHUB_APP_ID": str(self.app_id),
            "GITHUB_APP_SLUG": self.app_slug,
            "GITHUB_APP_PRIVATE_KEY": self.private_key,
            "GITHUB_WEBHOOK_SECRET": self.webhook_secret,
            "GITHUB_API_URL": self.api_url,
            "GITHUB_WEB_URL": self.web_url,
            "GITHUB_LOG_HOSTS": ",".join(self.log_hosts),
        }
