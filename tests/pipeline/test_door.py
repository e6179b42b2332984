"""The webhook's door against everything that may knock."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from ci_analysis.models import Delivery, GitHubApp
from orgs import tenancy
from sandbox.github.webhooks import sign
from tests.pipeline.world import Desk


def refusing_database(message: str = "the connection is lost") -> AbstractContextManager[None]:
    def refuse(*args: Any) -> Any:
        raise OperationalError(message)

    return connection.execute_wrapper(refuse)


def assert_refused(desk: Desk, response: Any, status: int, reason: str) -> None:
    assert (response.status_code, reason in response.json()["error"]) == (status, True), response.content
    assert desk.rows(Delivery) == []


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "0" * 64,
        "sha1=" + "0" * 40,
        "sha256=é",
        sign("another secret", b"{}"),
    ],
)
def test_a_missing_or_wrong_signature_is_refused_and_nothing_is_stored(desk: Desk, signature: str) -> None:
    assert_refused(desk, desk.raw(b"{}", **{"X-Hub-Signature-256": signature}), 401, "X-Hub-Signature-256")


def test_the_old_sha1_signature_alone_is_refused(desk: Desk) -> None:
    sha1 = sign(desk.github.webhook_secret, b"{}", "sha1")
    response = desk.raw(b"{}", **{"X-Hub-Signature-256": "", "X-Hub-Signature": sha1})
    assert_refused(desk, response, 401, "X-Hub-Signature-256")


def test_a_signature_over_other_bytes_is_refused_though_the_json_is_the_same(desk: Desk) -> None:
    signature = sign(desk.github.webhook_secret, b'{"zen":1}')
    assert_refused(desk, desk.raw(b'{"zen": 1}', **{"X-Hub-Signature-256": signature}), 401, "does not match")


def test_without_a_secret_everything_is_refused(desk: Desk, settings: Settings) -> None:
    settings.GITHUB_WEBHOOK_SECRET = ""
    signature = "sha256=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    assert_refused(desk, desk.raw(b"{}", **{"X-Hub-Signature-256": signature}), 401, "X-Hub-Signature-256")


def test_the_secret_of_the_app_that_the_manifest_flow_stored_counts(desk: Desk, settings: Settings) -> None:
    settings.GITHUB_WEBHOOK_SECRET = ""
    with tenancy.all_organizations():
        GitHubApp.objects.create(
            app_id=7, slug="fixci", private_key="key", webhook_secret="stored secret", client_secret="-"
        )
    assert desk.raw(b"{}").status_code == 401
    assert desk.raw(b"{}", **{"X-Hub-Signature-256": sign("stored secret", b"{}")}).status_code == 202


def test_a_body_over_the_cap_is_refused(desk: Desk, settings: Settings) -> None:
    settings.GITHUB_WEBHOOK_MAX_BYTES = 1000
    assert_refused(desk, desk.raw(b'"' + b"x" * 1000 + b'"'), 413, "1000 bytes")
    assert desk.raw(json.dumps({"zen": "x" * 988}).encode()).status_code == 202


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
def test_another_content_type_than_json_is_refused(desk: Desk, content_type: str) -> None:
    assert_refused(desk, desk.raw(b"payload=%7B%7D", **{"Content-Type": content_type}), 415, "application/json")


def test_json_with_a_charset_is_json(desk: Desk) -> None:
    assert desk.raw(b"{}", **{"Content-Type": "application/json; charset=utf-8"}).status_code == 202


@pytest.mark.parametrize("header", ["X-GitHub-Delivery", "X-GitHub-Event"])
@pytest.mark.parametrize("value", ["", "x" * 65, "ping\0", "a\ufeffb", "tab\there"])
def test_a_header_that_is_missing_too_long_or_no_plain_text_is_refused(desk: Desk, header: str, value: str) -> None:
    assert_refused(desk, desk.raw(b"{}", **{header: value}), 400, header)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\xfd",
        b"{'zen': 1}",
        b'{"zen": ',
        b"{}{}",
        b"[]",
        b"null",
        b'"text"',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"action":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"hook_id": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_object_is_refused(desk: Desk, body: bytes) -> None:
    assert_refused(desk, desk.raw(body), 400, "JSON")


def test_only_post_is_answered(desk: Desk) -> None:
    assert [desk.client.generic(m, "/github/webhook").status_code for m in ("GET", "HEAD", "PUT", "DELETE")] == [
        405
    ] * 4


def test_the_door_needs_no_csrf_token(desk: Desk) -> None:
    desk.client = Client(enforce_csrf_checks=True)
    assert desk.raw(b"{}").status_code == 202


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "created\0"},
        {"action": "\ud800"},
        {"action": "x" * 1000},
        {"action": 7},
        {"action": ["created"]},
        {"action": None},
        {"action": "created", "installation": "mine"},
        {"action": "created", "installation": [1]},
        {"action": "created", "installation": {"id": "1"}},
        {"action": "created", "installation": {"id": True}},
        {"action": "created", "installation": {"id": 2**63}},
        {"action": "created", "installation": {"id": -(10**400)}},
        {"action": "created", "installation": {"id": 1.5}},
        {"action": "created", "installation": {"id": {"id": 1}}},
        {"action": "completed", "repository": "ledger", "workflow_run": []},
        {"action": "completed", "repository": {"id": 1, "full_name": "a\0b/\udfff", "private": "no"}},
        {"repository": {"full_name": "x" * 100_000}},
        {"\0": {"\ud800": 1}},
    ],
)
@pytest.mark.parametrize("event", ["installation", "workflow_run", "check_run"])
def test_a_signed_object_of_any_shape_is_taken_and_comes_to_an_end(
    desk: Desk, event: str, payload: dict[str, Any]
) -> None:
    assert desk.event(event, payload).status_code == 202
    desk.work(most=1)
    delivery = desk.row(Delivery)
    assert delivery.status in ("done", "ignored", "failed")
    assert ("is not a whole number" in delivery.error) == (delivery.status == "failed")


def test_a_database_that_does_not_answer_is_503_so_that_github_lists_the_delivery_as_failed(desk: Desk) -> None:
    with refusing_database():
        response = desk.raw(b"{}")
    assert_refused(desk, response, 503, "send it again")


def test_it_is_503_too_when_the_secret_is_in_the_database_that_does_not_answer(desk: Desk, settings: Settings) -> None:
    settings.GITHUB_WEBHOOK_SECRET = ""
    with refusing_database():
        response = desk.raw(b"{}")
    assert_refused(desk, response, 503, "send it again")


def test_only_the_fields_that_are_needed_are_stored(desk: Desk) -> None:
    desk.deliver(desk.failed_run())
    payload = desk.row(Delivery).payload
    assert payload.keys() == {"action", "sender", "installation", "repository", "workflow_run"}
    assert payload["workflow_run"].keys() == {
        "id",
        "run_attempt",
        "conclusion",
        "workflow_id",
        "name",
        "event",
        "head_sha",
        "head_branch",
        "head_repository",
        "html_url",
    }
    assert payload["repository"].keys() == {"id", "full_name", "default_branch", "private"}
    assert payload["installation"] == {"id": desk.installation.id}
