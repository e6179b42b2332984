"""The operator's console: every page opens, sees all organizations, and changes nothing that must not change."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from ci_analysis.models import Analysis, Delivery, GitHubApp
from metering.meters import Meter
from metering.services import usage
from orgs import tenancy
from orgs.models import AuditEvent, Membership, Organization, Role
from orgs.services import organizations
from tests import factories

OWN_APPS = ("accounts", "orgs", "metering", "ci_analysis")
OWN = [model for model in apps.get_models() if model._meta.app_label in OWN_APPS]
# A person may be changed and a membership added; everything else is written by the services only.
EDITABLE = {"User", "Membership"}


@pytest.fixture
def console(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@fixci.example"))
    return client


@pytest.fixture
def world(db: None) -> Analysis:
    """A row of each of our models."""
    analysis = factories.AnalysisFactory.create()
    factories.FindingFactory.create(analysis=analysis)
    factories.PublicationFactory.create(analysis=analysis)
    pull_request = factories.PullRequestFactory.create(repository=analysis.run.repository)
    factories.PublicationFactory.create(analysis=None, pull_request=pull_request)
    factories.DeliveryFactory.create(status=Delivery.Status.FAILED, error="GitHub was down")
    org = analysis.org
    organizations.add_member(org=org, user=factories.UserFactory.create(), role=Role.OWNER, actor="test")
    with tenancy.organization(org.pk):
        usage.record(org=org, meter=Meter.ANALYSES, quantity=1, idempotency_key="1", occurred_at=analysis.requested_at)
    with tenancy.all_organizations():
        GitHubApp.objects.create(
            app_id=4711, slug="fixci", private_key="the private key", webhook_secret="the hook's", client_secret="c-s"
        )
    return analysis


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def first(model: type[Model]) -> Any:
    with tenancy.all_organizations():
        return model._default_manager.first()


def ids(model: type[Model]) -> str:
    return model.__name__


@pytest.mark.parametrize("model", OWN, ids=ids)
def test_the_list_and_a_row_open(model: type[Model], console: Client, world: Analysis) -> None:
    assert model in admin.site._registry
    row = first(model)
    html = console.get(address(model, "changelist"), {"q": "1"}).content.decode()
    assert "result" in html
    assert f"/{row.pk}/change/" in console.get(address(model, "changelist")).content.decode()
    assert console.get(address(model, "change", row.pk)).status_code == 200


def test_a_row_says_whose_it_is(console: Client, world: Analysis) -> None:
    html = console.get(address(Analysis, "change", world.pk)).content.decode()
    assert address(Organization, "change", world.org_id) in html


@pytest.mark.parametrize("model", [model for model in OWN if model.__name__ not in EDITABLE], ids=ids)
def test_what_the_services_write_is_read_only(model: type[Model], console: Client, world: Analysis) -> None:
    row = first(model)
    assert console.get(address(model, "add")).status_code == 403
    assert console.post(address(model, "change", row.pk), {}).status_code == 403
    assert console.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_number_of_queries_does_not_grow(console: Client, world: Analysis) -> None:
    def counted() -> dict[str, int]:
        return {model.__name__: queries(console, address(model, "changelist")) for model in OWN}

    counted()
    for_few = counted()
    for _ in range(3):
        more = factories.AnalysisFactory.create()
        factories.FindingFactory.create(analysis=more)
        factories.PublicationFactory.create(analysis=more)
        pull_request = factories.PullRequestFactory.create(repository=more.run.repository)
        factories.PublicationFactory.create(analysis=None, pull_request=pull_request)
        factories.DeliveryFactory.create()
        organizations.add_member(org=more.org, user=factories.UserFactory.create(), role=Role.OWNER, actor="test")
    for_more = counted()
    assert {name: (for_few[name], number) for name, number in for_more.items() if number > for_few[name]} == {}


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", ["Customer", "Subscription", "Event", "APIKey", "WebhookEndpoint"])
def test_pages_of_dj_stripe_open(name: str, console: Client) -> None:
    model = apps.get_model("djstripe", name)
    assert console.get(address(model, "changelist")).status_code == 200


def test_the_apps_secrets_are_shown_to_nobody(console: Client, world: Analysis) -> None:
    app = first(GitHubApp)
    html = console.get(address(GitHubApp, "change", app.pk)).content.decode()
    assert "4711" in html
    for secret in (app.private_key, app.webhook_secret, app.client_secret):
        assert secret
        assert secret not in html


def test_a_failed_delivery_is_processed_again(console: Client, world: Analysis) -> None:
    failed = first(Delivery)
    done = factories.DeliveryFactory.create(status=Delivery.Status.DONE)
    response = console.post(
        address(Delivery, "changelist"),
        {"action": "process_again", "_selected_action": [failed.pk, done.pk]},
        follow=True,
    )
    html = response.content.decode()
    assert "1 will be processed again" in html
    assert "1 had not failed" in html
    with tenancy.all_organizations():
        states = dict(Delivery.objects.values_list("pk", "status"))
        assert Delivery.objects.get(pk=failed.pk).error == ""
    assert states == {failed.pk: Delivery.Status.RECEIVED, done.pk: Delivery.Status.DONE}


def test_a_finished_analysis_is_analysed_again(console: Client, world: Analysis) -> None:
    console.post(
        address(Analysis, "changelist"), {"action": "analyse_again", "_selected_action": [world.pk]}, follow=True
    )
    assert first(Analysis).status == Analysis.Status.QUEUED


def test_a_membership_is_added_by_the_service(console: Client, world: Analysis) -> None:
    person = factories.UserFactory.create()
    fields = {"org": world.org_id, "user": person.pk, "role": Role.MANAGER}
    assert console.post(address(Membership, "add"), fields).status_code == 302
    with tenancy.organization(world.org_id):
        assert Membership.objects.get(user=person).role == Role.MANAGER
        assert AuditEvent.objects.filter(action="member.added", target=f"user:{person.pk}").exists()


def test_a_person_created_here_has_no_password(console: Client) -> None:
    fields = {"email": "new@fixci.example", "name": "", "is_active": "on"}
    assert console.post(address(User, "add"), fields).status_code == 302
    assert not User.objects.get(email="new@fixci.example").has_usable_password()
    again = console.post(address(User, "add"), fields | {"email": "NEW@fixci.example"})
    assert "There is a user with this e-mail address already" in again.content.decode()


def test_staff_can_give_no_rights(console: Client, db: None) -> None:
    staff = User.objects.create_user("staff@fixci.example", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename="change_user"))
    client = Client()
    client.force_login(staff)
    fields = {"email": staff.email, "is_active": "on", "is_superuser": "on", "is_staff": "on"}
    assert client.post(address(User, "change", staff.pk), fields).status_code == 302
    staff.refresh_from_db()
    assert not staff.is_superuser


def test_who_is_not_signed_in_comes_back_after_signing_in(client: Client, db: None) -> None:
    path = address(Organization, "changelist")
    to_login = client.get(path).headers["Location"]
    assert client.get(to_login).headers["Location"] == f"/sign-in?next={path}"


def test_staff_who_open_the_consoles_login_get_in(console: Client) -> None:
    assert console.get("/operate/login/").headers["Location"] == "/operate/"
    assert console.get("/operate/").status_code == 200


def test_who_is_no_staff_is_not_told_that_there_is_a_console(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("alice@fixci.example"))
    assert client.get("/operate/", follow=True).status_code == 404


def test_our_own_tables_come_before_the_mirror_of_stripe(console: Client) -> None:
    html = console.get("/operate/").content.decode()
    mirror = html.index('id="djstripe-')
    assert all(html.index(f'id="{app}-') < mirror for app in ("ci_analysis", "metering", "orgs"))


def test_the_console_wears_our_colours(console: Client) -> None:
    html = console.get("/operate/").content.decode()
    assert "console.css" in html
    assert "favicon.svg" in html


def test_who_may_only_look_is_offered_no_action(world: Analysis) -> None:
    looker = factories.UserFactory.create(is_staff=True)
    client = Client()
    client.force_login(looker)
    for codename, offered in (("view_analysis", False), ("change_analysis", True)):
        looker.user_permissions.add(Permission.objects.get(codename=codename))
        html = client.get("/operate/ci_analysis/analysis/").content.decode()
        assert world.run.repository.full_name in html
        assert ("analyse_again" in html) == offered
