"""Who we are to GitHub and where GitHub is."""

from dataclasses import dataclass, field
from ipaddress import ip_address

import httpx
from django.conf import settings

# GitHub documents both for its own service (self-hosted runners: accessible domains); an Enterprise Server
# has its own.
GITHUB_COM_LOG_HOSTS = ("blob.core.windows.net", "actions.githubusercontent.com")


@dataclass(frozen=True)
class Credentials:
    """`log_hosts`: hosts, or their parent domains, where the redirect of a job's log may lead.

    `redis_url` is in redis-py's form (redis://, rediss://, unix://). Redis only caches installation tokens:
    with None, or while it is down, each client fetches its own.
    """

    app_id: str
    private_key: str = field(repr=False)
    app_slug: str = ""
    api_url: str = "https://api.github.com"
    web_url: str = "https://github.com"
    log_hosts: tuple[str, ...] = GITHUB_COM_LOG_HOSTS
    redis_url: str | None = field(default=None, repr=False)


def from_settings() -> Credentials:
    """The App of this service, out of Django's settings; nothing else under here reads them."""
    return Credentials(
        app_id=settings.GITHUB_APP_ID,
        private_key=settings.GITHUB_APP_PRIVATE_KEY.replace("\\n", "\n"),
        app_slug=settings.GITHUB_APP_SLUG,
        api_url=settings.GITHUB_API_URL,
        web_url=settings.GITHUB_WEB_URL,
        log_hosts=tuple(settings.GITHUB_LOG_HOSTS),
        redis_url=settings.REDIS_URL,
    )


def is_loopback(url: httpx.URL) -> bool:
    """Whether the host is this machine by its own literal name, so that no resolver is asked."""
    if url.host == "localhost":
        return True
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return False
