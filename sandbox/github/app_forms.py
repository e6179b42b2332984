"""Making an App from a manifest, and installing, changing and removing it: what people do on GitHub's own pages."""

import json
import re
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from .create import add_installation
from .events import installation_event, installation_repositories_event, ping_event
from .keys import new_private_key, public_key_of
from .models import App, Installation, ManifestCode, Repository
from .site import Site
from .state import State, now

CODE_LIFE = timedelta(hours=1)


class InvalidManifest(ValueError):
    """GitHub would not take this manifest; the text says why."""


def read_manifest(text: str) -> dict[str, Any]:
    """Raises InvalidManifest."""
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise InvalidManifest(f"The manifest is not JSON: {error}") from None
    if not isinstance(manifest, dict):
        raise InvalidManifest("The manifest is not an object")
    for field in ("url", "redirect_url"):
        if not str(manifest.get(field, "")).startswith(("http://", "https://")):
            raise InvalidManifest(f"{field} is missing, or no address")
    hook = manifest.get("hook_attributes", {})
    if not isinstance(hook, dict) or (hook and not hook.get("url")):
        raise InvalidManifest("hook_attributes has no url")
    if manifest.get("default_events") and not hook:
        raise InvalidManifest("default_events need hook_attributes with a url")
    if not all(level in ("read", "write") for level in manifest.get("default_permissions", {}).values()):
        raise InvalidManifest("default_permissions are read or write")
    return manifest


def create_app(site: Site, manifest: dict[str, Any], *, name: str, owner: str, state: str) -> str:
    """The App, and the address that the browser is sent to with its code. Raises InvalidManifest (name taken)."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    private_key = new_private_key()
    with site.state.lock:
        if not slug or site.state.app_by_slug(slug):
            raise InvalidManifest(f"The name {name} is already taken")
        app = App(
            site.state.new_id("app"),
            slug,
            name,
            site.state.account(owner).login,
            public_key_of(private_key),
            secrets.token_hex(20),
            {"metadata": "read", **manifest.get("default_permissions", {})},
            list(manifest.get("default_events", [])),
            now(),
            site.state.new_id("hook"),
            "Iv23li" + secrets.token_hex(7),
            manifest.get("hook_attributes", {}).get("url"),
            manifest.get("setup_url"),
            manifest["url"],
            manifest.get("description", ""),
        )
        site.state.tables.apps[app.id] = app
        code = ManifestCode(secrets.token_hex(20), app.id, secrets.token_hex(20), private_key, now() + CODE_LIFE)
        site.state.tables.manifest_codes[code.code] = code
    ping_event(site, app.id)
    joined = "&" if "?" in manifest["redirect_url"] else "?"
    query = {"code": code.code, **({"state": state} if state else {})}
    return f"{manifest['redirect_url']}{joined}{urlencode(query)}"


def install(site: Site, app: App, account: str, repository_ids: list[int] | None) -> str:
    """Installs the App and tells it; the address that the browser is sent to."""
    with site.state.lock:
        chosen = None if repository_ids is None else _repositories(site.state, repository_ids)
        installation = add_installation(site.state, app.id, account, repositories=chosen)
        page = str(site.shapes.installation(installation)["html_url"])
    installation_event(site, installation, "created")
    if app.setup_url is None:
        return page
    joined = "&" if "?" in app.setup_url else "?"
    return f"{app.setup_url}{joined}installation_id={installation.id}&setup_action=install"


def _repositories(state: State, ids: list[int]) -> list[Repository]:
    return [state.tables.repositories[repository_id] for repository_id in ids]


def change_repositories(site: Site, installation: Installation, repository_ids: list[int] | None) -> None:
    """Another selection; None: all of the account. Told by one event for what came and one for what went."""
    with site.state.lock:
        before = site.state.reached_by(installation)
        installation.repository_ids, installation.updated_at = repository_ids, now()
        after = site.state.reached_by(installation)
    added = [repository for repository in after if repository not in before]
    removed = [repository for repository in before if repository not in after]
    if added:
        installation_repositories_event(site, installation, added=added, removed=[])
    if removed:
        installation_repositories_event(site, installation, added=[], removed=removed)


def suspend(site: Site, installation: Installation) -> None:
    installation.suspended_at = now()
    installation_event(site, installation, "suspend")


def unsuspend(site: Site, installation: Installation) -> None:
    installation.suspended_at = None
    installation_event(site, installation, "unsuspend")


def uninstall(site: Site, installation: Installation) -> None:
    installation_event(site, installation, "deleted")
    with site.state.lock:
        del site.state.tables.installations[installation.id]
