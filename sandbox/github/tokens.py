"""Who calls: App JWTs and installation tokens, checked as GitHub checks them."""

import secrets
import string
from collections.abc import Mapping
from datetime import timedelta

import jwt
from werkzeug.wrappers import Request

from .errors import Refused, bad_credentials, not_found
from .models import App, Installation, Permissions, Repository, Token
from .shapes import time
from .state import State, now

LONGEST_JWT = 600  # seconds from now to `exp`
LONGEST_SKEW = 60  # seconds that `iat` may lie in the future
TOKEN_LIFE = timedelta(hours=1)
LEVELS = {"none": 0, "read": 1, "write": 2, "admin": 3}


def bearer(request: Request) -> str | None:
    """The credential of the Authorization header; both words that GitHub takes."""
    word, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if word.lower() in ("bearer", "token") and value else None


def app_of(state: State, request: Request) -> App:
    """The App whose JWT the request carries. Raises Refused (401)."""
    value = bearer(request)
    if value is None:
        raise bad_credentials("A JSON web token could not be decoded")
    try:
        claims = jwt.decode(value, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise bad_credentials("A JSON web token could not be decoded") from None
    app = _issuer(state, claims)
    _verify(value, claims, app)
    return app


def _issuer(state: State, claims: Mapping[str, object]) -> App:
    issuer = str(claims.get("iss", ""))
    for app in state.tables.apps.values():
        if issuer in (str(app.id), app.client_id):
            return app
    raise bad_credentials("'Issuer' claim ('iss') must be an Integer or a client ID of an App")


def _verify(value: str, claims: Mapping[str, object], app: App) -> None:
    moment = now().timestamp()
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > moment + LONGEST_SKEW:
        raise bad_credentials("'Issued at' claim ('iat') must be an Integer that lies in the past")
    if not isinstance(expires, int) or expires <= moment:
        raise bad_credentials("'Expiration time' claim ('exp') must be a numeric value in the future")
    if expires > moment + LONGEST_JWT:
        raise bad_credentials("'Expiration time' claim ('exp') is too far in the future")
    try:
        jwt.decode(
            value,
            app.public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_aud": False, "verify_iss": False},
        )
    except jwt.InvalidTokenError:
        raise bad_credentials("A JSON web token could not be decoded") from None


def issue(state: State, installation: Installation, *, wanted: Mapping[str, object], token_format: str) -> Token:
    """A token for the installation, narrowed by `repository_ids`, `repositories` and `permissions`.

    Raises Refused: 403 suspended, 422 for more than the installation has.
    """
    if installation.suspended_at:
        raise Refused(403, "This installation has been suspended")
    token = Token(
        _token_value(installation, token_format),
        installation.id,
        _narrowed_permissions(installation, wanted.get("permissions")),
        now() + TOKEN_LIFE,
        _narrowed_repositories(state, installation, wanted),
    )
    live = {value: kept for value, kept in state.tables.tokens.items() if kept.expires_at > now()}
    state.tables.tokens = {**live, token.value: token}
    return token


def _token_value(installation: Installation, token_format: str) -> str:
    if token_format == "classic":
        letters = string.ascii_letters + string.digits
        return "ghs_" + "".join(secrets.choice(letters) for _ in range(36))
    claims = {
        "iss": "stand-in",
        "sub": str(installation.id),
        "jti": secrets.token_hex(16),
        "exp": time(now()),
    }
    claims["pad"] = secrets.token_urlsafe(180)  # as long as the stateless format is
    return f"ghs_{installation.app_id}_" + jwt.encode(claims, secrets.token_bytes(32), algorithm="HS256")


def _narrowed_permissions(installation: Installation, wanted: object) -> Permissions:
    if wanted is None:
        return dict(installation.permissions)
    if not isinstance(wanted, Mapping):
        raise Refused(422, "Invalid request. 'permissions' is not an object.")
    for name, level in wanted.items():
        if LEVELS.get(str(level), 9) > LEVELS[installation.permissions.get(str(name), "none")]:
            raise Refused(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read", **{str(name): str(level) for name, level in wanted.items()}}


def _narrowed_repositories(state: State, installation: Installation, wanted: Mapping[str, object]) -> list[int] | None:
    ids, names = wanted.get("repository_ids"), wanted.get("repositories")
    if ids is None and names is None:
        return None
    reached = state.reached_by(installation)
    chosen: set[int] = set()
    for listed, known in ((ids, {r.id: r.id for r in reached}), (names, {r.name: r.id for r in reached})):
        for key in listed if isinstance(listed, list) else []:
            if key not in known:
                raise Refused(
                    422,
                    "There is at least one repository that does not exist or is not accessible to the parent "
                    "installation.",
                )
            chosen.add(known[key])
    if not 0 < len(chosen) <= 500:
        raise Refused(422, "Between 1 and 500 repositories can be listed.")
    return sorted(chosen)


def token_of(state: State, request: Request) -> tuple[Token, Installation]:
    """The installation token that the request carries. Raises Refused (401, 403)."""
    value = bearer(request)
    if value is None:
        raise bad_credentials("Requires authentication")
    token = state.tables.tokens.get(value)
    if token is None or token.expires_at <= now():
        raise bad_credentials()
    installation = state.tables.installations.get(token.installation_id)
    if installation is None:
        raise bad_credentials()
    if installation.suspended_at:
        raise Refused(403, "This installation has been suspended")
    return token, installation


def reachable(state: State, installation: Installation, token: Token) -> list[Repository]:
    reached = state.reached_by(installation)
    return [r for r in reached if token.repository_ids is None or r.id in token.repository_ids]


def reached_repository(state: State, installation: Installation, token: Token, owner: str, name: str) -> Repository:
    """Raises Refused (404), also for those that exist but lie out of reach."""
    repository = state.repository(owner, name)
    if repository is None or not any(repository is r for r in reachable(state, installation, token)):
        raise not_found()
    return repository


def need(installation: Installation, token: Token, *alternatives: tuple[str, str]) -> None:
    """One of the permissions, e.g. ("checks", "write"), is enough. Raises Refused (403)."""
    for name, level in alternatives:
        granted = min(LEVELS[token.permissions.get(name, "none")], LEVELS[installation.permissions.get(name, "none")])
        if granted >= LEVELS[level]:
            return
    accepted = "; ".join(f"{name}={level}" for name, level in alternatives)
    raise Refused(403, "Resource not accessible by integration", headers={"X-Accepted-GitHub-Permissions": accepted})
