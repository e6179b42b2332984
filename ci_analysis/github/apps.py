"""The App itself: where it is installed, what it may see, what was delivered to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ci_analysis.github.reading import moment, moment_or_none, number_or_none, text, text_or_none


@dataclass(frozen=True)
class AppInfo:
    id: int
    slug: str
    name: str
    html_url: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True)
class AppRegistration:
    """A new App, straight after the manifest flow. GitHub tells the secrets this once."""

    id: int
    slug: str
    name: str
    html_url: str
    owner: str
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    pem: str = field(repr=False)


@dataclass(frozen=True)
class Installation:
    """`permissions` are those granted, maybe not all that the App asks for."""

    id: int
    account_id: int
    account_login: str
    account_type: str
    repository_selection: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    suspended_at: datetime | None


@dataclass(frozen=True)
class Repository:
    id: int
    owner: str
    name: str
    full_name: str
    private: bool
    default_branch: str
    archived: bool


@dataclass(frozen=True)
class HookDelivery:
    """`guid` is the X-GitHub-Delivery header, the same for all attempts; `id` names one attempt."""

    id: int
    guid: str
    delivered_at: datetime
    redelivery: bool
    status: str
    status_code: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None


def parse_app(data: Any) -> AppInfo:
    return AppInfo(
        id=int(data["id"]),
        slug=text(data.get("slug")),
        name=text(data.get("name")),
        html_url=text(data.get("html_url")),
        permissions=_permissions(data),
        events=_events(data),
    )


def parse_registration(data: Any) -> AppRegistration:
    return AppRegistration(
        id=int(data["id"]),
        slug=str(data["slug"]),
        name=text(data.get("name")),
        html_url=text(data.get("html_url")),
        owner=text((data.get("owner") or {}).get("login")),
        client_id=text(data.get("client_id")),
        client_secret=text(data.get("client_secret")),
        # Null when the manifest asked for no webhook.
        webhook_secret=text(data.get("webhook_secret")),
        pem=str(data["pem"]),
    )


def parse_installation(data: Any) -> Installation:
    account = data.get("account") or {}
    return Installation(
        id=int(data["id"]),
        account_id=int(account["id"]),
        # An enterprise has a slug in place of a login.
        account_login=str(account.get("login") or account["slug"]),
        account_type=text(account.get("type")) or text(data.get("target_type")),
        repository_selection=text(data.get("repository_selection")),
        permissions=_permissions(data),
        events=_events(data),
        suspended_at=moment_or_none(data.get("suspended_at")),
    )


def parse_repository(data: Any) -> Repository:
    return Repository(
        id=int(data["id"]),
        owner=str(data["owner"]["login"]),
        name=str(data["name"]),
        full_name=str(data["full_name"]),
        private=bool(data.get("private")),
        default_branch=text(data.get("default_branch")),
        archived=bool(data.get("archived")),
    )


def parse_delivery(data: Any) -> HookDelivery:
    return HookDelivery(
        id=int(data["id"]),
        guid=str(data["guid"]),
        delivered_at=moment(data["delivered_at"]),
        redelivery=bool(data.get("redelivery")),
        status=text(data.get("status")),
        status_code=int(data.get("status_code") or 0),
        event=text(data.get("event")),
        action=text_or_none(data.get("action")),
        installation_id=number_or_none(data.get("installation_id")),
        repository_id=number_or_none(data.get("repository_id")),
    )


def _permissions(data: Any) -> Mapping[str, str]:
    return MappingProxyType({str(name): str(level) for name, level in (data.get("permissions") or {}).items()})


def _events(data: Any) -> tuple[str, ...]:
    return tuple(map(str, data.get("events") or ()))
