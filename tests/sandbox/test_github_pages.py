"""The stand-in GitHub's pages: what a person reads and presses there."""

import html
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.github import JobSpec, StandInGitHub
from sandbox.github.demo import furnish
from sandbox.github.models import Installation, PullRequest, Repository, Run
from tests.sandbox.callers import Receiver

PULL = "/halden/ledger/pull/1"
MANIFEST = {
    "name": "FixCI at home",
    "url": "http://127.0.0.1:8000",
    "redirect_url": "http://127.0.0.1:8000/github/app/created",
    "hook_attributes": {"url": "http://127.0.0.1:8000/github/webhook"},
    "setup_url": "http://127.0.0.1:8000/github/setup",
    "default_permissions": {"actions": "read", "checks": "write"},
    "default_events": ["workflow_run"],
}


@pytest.fixture
def site(github: StandInGitHub, anybody: httpx.Client) -> httpx.Client:
    anybody.base_url = httpx.URL(github.web_url)
    return anybody


@pytest.fixture
def run(github: StandInGitHub, repository: Repository, installation: Installation, pull: PullRequest) -> Run:
    steps = [("Set up job", "success", 1), ("Run tests", "failure", 3)]
    log = b"ready\n2026-11-21T10:00:00.0000000Z setting up\n##[group]Run pytest\n##[endgroup]\n##[error]<b>boom</b>\n"
    return github.add_run(repository, [JobSpec("test", log=log, steps=steps)], pull_request=pull)


def test_every_page_is_shown_without_anything_from_elsewhere(
    github: StandInGitHub, site: httpx.Client, api: httpx.Client, run: Run, installation: Installation
) -> None:
    furnish(github.state, github.app_id)
    check = api.post("/check-runs", json={"name": "FixCI", "head_sha": run.head_sha}).json()
    run_page = f"/halden/ledger/actions/runs/{run.id}"
    pages = [
        "/",
        "/halden/ledger",
        PULL,
        run_page,
        f"{run_page}/attempts/1",
        f"{run_page}/job/{github.jobs(run)[0].id}",
    ]
    pages += [f"/halden/ledger/commit/{run.head_sha}"]
    pages += [f"/halden/ledger/runs/{check['id']}", "/apps/fixci", "/apps/fixci/installations/new"]
    pages += [f"/settings/installations/{installation.id}", "/settings/apps/fixci/advanced"]

    for path in pages:
        answer = site.get(path)
        assert (path, answer.status_code) == (path, 200)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert 'src="http' not in answer.text
        assert "style=" not in answer.text


@pytest.mark.parametrize("path", ["/nobody/nothing", "/halden/ledger/pull/9", "/apps/none", "/_static/../models.py"])
def test_page_that_is_not_there(site: httpx.Client, repository: Repository, path: str) -> None:
    assert site.get(path).status_code == 404


def test_pull_request_shows_comments_rendered_and_escaped(
    github: StandInGitHub, site: httpx.Client, api: httpx.Client, pull: PullRequest
) -> None:
    api.post("/issues/1/comments", json={"body": "<!-- marker -->\n**Bold** <script>alert(1)</script>"})

    page = site.get(PULL).text

    assert "<strong>Bold</strong>" in page
    assert "<script>alert" not in page
    assert "fixci</b>" in page


def test_line_of_a_log_has_the_anchor_that_links_name(github: StandInGitHub, site: httpx.Client, run: Run) -> None:
    page = site.get(f"/halden/ledger/actions/runs/{run.id}/job/{github.jobs(run)[0].id}").text

    assert '<li id="step:1:2" class=""><a href="#step:1:2">2</a><span>setting up</span></li>' in page
    assert '<li id="step:2:3" class="error">' in page
    assert "&lt;b&gt;boom" in page
    assert "<b>boom" not in page


def test_commit_of_a_fork_has_a_page_in_the_repository(
    github: StandInGitHub, site: httpx.Client, repository: Repository
) -> None:
    fork = github.open_pull_request(repository, fork_owner="odalys", branch="patch-1", title="From afar")

    assert "From afar" in site.get(f"/halden/ledger/commit/{fork.head_sha}").text
    assert site.get(f"/halden/ledger/commit/{'0' * 40}").status_code == 404


@pytest.mark.parametrize(("log_state", "words"), [("gone", "answers 410"), ("pending", "answers 404")])
def test_page_of_a_job_says_why_there_is_no_log(
    github: StandInGitHub, site: httpx.Client, repository: Repository, log_state: str, words: str
) -> None:
    run = github.add_run(repository, [JobSpec(log_state=log_state)])

    assert words in site.get(f"/halden/ledger/actions/runs/{run.id}/job/{github.jobs(run)[0].id}").text


@pytest.mark.parametrize(("outcome", "conclusion"), [("fail", "failure"), ("pass", "success")])
def test_button_lets_a_run_end_and_tells_the_app(
    github: StandInGitHub,
    site: httpx.Client,
    receiver: Receiver,
    installation: Installation,
    pull: PullRequest,
    outcome: str,
    conclusion: str,
) -> None:
    form = {"pull": "1", "scenario": "pytest", "outcome": outcome}

    answer = site.post("/halden/ledger/actions/runs", data=form)
    github.site.webhooks.drain()

    assert (answer.status_code, answer.headers["Location"]) == (303, PULL)
    told = json.loads(receiver.received[-1][1])
    assert (told["action"], told["workflow_run"]["conclusion"]) == ("completed", conclusion)
    assert told["workflow_run"]["head_sha"] == pull.head_sha


def test_unknown_scenario_is_refused(site: httpx.Client, pull: PullRequest) -> None:
    form = {"pull": "1", "scenario": "earthquake", "outcome": "fail"}

    assert site.post("/halden/ledger/actions/runs", data=form).status_code == 404
    assert site.post("/halden/ledger/actions/runs", data={}).status_code == 400


def test_run_is_run_again_and_its_webhook_sent_again(
    github: StandInGitHub, site: httpx.Client, receiver: Receiver, run: Run
) -> None:
    site.post(f"/halden/ledger/actions/runs/{run.id}/rerun")
    site.post(f"/halden/ledger/actions/runs/{run.id}/resend")
    github.site.webhooks.drain()

    assert (run.latest.number, run.latest.actor) == (2, "marit")
    sent = [(d.action, d.redelivery) for d in github.deliveries("workflow_run")]
    assert sent == [("requested", False), ("completed", False), ("completed", True)]
    assert len({d.guid for d in github.deliveries("workflow_run")}) == 2


def test_delivery_is_sent_again_from_its_list(github: StandInGitHub, site: httpx.Client, receiver: Receiver) -> None:
    delivery = github.send_ping()
    assert delivery is not None

    site.post(f"/settings/apps/fixci/advanced/{delivery.id}")
    github.site.webhooks.drain()

    assert len(receiver.received) == 2


def test_check_is_requested_again(
    github: StandInGitHub, site: httpx.Client, api: httpx.Client, receiver: Receiver, pull: PullRequest
) -> None:
    check = api.post("/check-runs", json={"name": "FixCI", "head_sha": pull.head_sha}).json()

    site.post(f"/halden/ledger/runs/{check['id']}")
    github.site.webhooks.drain()

    assert [d.action for d in github.deliveries("check_run")] == ["created", "rerequested"]


def test_person_comments(github: StandInGitHub, site: httpx.Client, pull: PullRequest) -> None:
    site.post(PULL, data={"body": "Is it mine?"})
    site.post(PULL, data={"body": "  "})

    assert [(c.author, c.body, c.app_id) for c in github.comments(pull)] == [("marit", "Is it mine?", None)]


def test_app_is_installed_and_the_person_sent_back(
    github: StandInGitHub, site: httpx.Client, receiver: Receiver, repository: Repository
) -> None:
    github.app.setup_url = "http://127.0.0.1:8000/github/setup"
    form = {"account": "halden", "selection": "selected", "repository": str(repository.id)}

    answer = site.post("/apps/fixci/installations/new", data=form)
    github.site.webhooks.drain()

    [installation] = github.state.tables.installations.values()
    target = urlsplit(answer.headers["Location"])
    assert parse_qs(target.query) == {"installation_id": [str(installation.id)], "setup_action": ["install"]}
    assert installation.repository_ids == [repository.id]
    assert [(d.event, d.action) for d in github.deliveries()] == [("installation", "created")]


def test_installation_is_changed_suspended_and_removed(
    github: StandInGitHub, site: httpx.Client, installation: Installation, repository: Repository
) -> None:
    page = f"/settings/installations/{installation.id}"
    other = github.add_repository("halden/website")
    site.post(page, data={"action": "repositories", "selection": "selected", "repository": str(other.id)})
    site.post(page, data={"action": "repositories", "selection": "all"})
    site.post(page, data={"action": "suspend"})
    site.post(page, data={"action": "unsuspend"})
    site.post(page, data={"action": "uninstall"})

    told = [(d.event, d.action) for d in github.deliveries()]
    assert told == [
        ("installation_repositories", "removed"),
        ("installation_repositories", "added"),
        ("installation", "suspend"),
        ("installation", "unsuspend"),
        ("installation", "deleted"),
    ]
    assert site.get(page).status_code == 404


def test_app_is_made_from_a_manifest_once(github: StandInGitHub, site: httpx.Client) -> None:
    asked = site.post("/organizations/halden/settings/apps/new?state=s1", data={"manifest": json.dumps(MANIFEST)})
    form = {"manifest": json.dumps(MANIFEST), "name": "FixCI at home", "account": "halden", "state": "s1"}
    answer = site.post("/settings/apps/create", data=form)

    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    made = site.post(f"{github.api_url}/app-manifests/{query['code'][0]}/conversions")
    again = site.post(f"{github.api_url}/app-manifests/{query['code'][0]}/conversions")

    assert "<b>checks</b> read and write" in asked.text
    assert answer.headers["Location"].startswith("http://127.0.0.1:8000/github/app/created?code=")
    assert query["state"] == ["s1"]
    assert (made.status_code, again.status_code) == (201, 404)
    assert {"id", "slug", "client_id", "client_secret", "webhook_secret", "pem"} <= made.json().keys()
    assert made.json()["permissions"] == {"metadata": "read", "actions": "read", "checks": "write"}
    assert "PRIVATE KEY" in made.json()["pem"]
    assert github.deliveries("ping")[0].app_id == made.json()["id"]


def test_manifest_reaches_the_form_unchanged(site: httpx.Client) -> None:
    manifest = MANIFEST | {"name": 'A "quoted" <name>'}

    page = site.post("/settings/apps/new", data={"manifest": json.dumps(manifest)}).text

    assert json.loads(html.unescape(page.split("hidden>")[1].split("</textarea>")[0])) == manifest


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"url": "http://a.example"}', "redirect_url"),
        (json.dumps(MANIFEST | {"hook_attributes": {"active": True}}), "no url"),
        (json.dumps(MANIFEST | {"hook_attributes": {}}), "default_events"),
        (json.dumps(MANIFEST | {"default_permissions": {"checks": "all"}}), "read or write"),
    ],
)
def test_manifest_that_github_would_not_take(site: httpx.Client, manifest: str, complaint: str) -> None:
    answer = site.post("/settings/apps/new", data={"manifest": manifest})

    assert answer.status_code == 422
    assert complaint in answer.text


def test_name_of_an_app_is_taken_once(site: httpx.Client) -> None:
    form = {"manifest": json.dumps(MANIFEST), "name": "FixCI", "account": "halden"}

    assert "already taken" in site.post("/settings/apps/create", data=form).text
