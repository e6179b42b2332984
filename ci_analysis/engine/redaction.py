"""Replaces secrets by their kind. Works on cleaned text, line by line or on a block, and is idempotent.

Formats are those that the issuers register for secret scanning, plus values that are assigned to a secret-like name.
A mask keeps no character of the secret. It errs towards replacing too much within a token and never beyond its end.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Collection
from functools import lru_cache

import hyperscan

MASK = "[redacted:{}]"

TOKENS: tuple[tuple[str, str], ...] = (
    # A key may be cut off by the log's or the excerpt's end.
    (
        "private-key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]{1,8000}(?:-----END [A-Z0-9 "
        r"]{0,40}PRIVATE KEY(?: BLOCK)?-----)?)?",
    ),
    (
        "github",
        r"\bgh[pousr]_[A-Za-z0-9_]{16,255}(?:\.[A-Za-z0-9_-]{10,}){0,2}|\bghs_\d+_[A-Za-z0-9._-]{20,}"
        r"|\bgithub_pat_[A-Za-z0-9_]{22,255}|\bv1\.[0-9a-f]{40}\b",
    ),
    ("aws", r"\b(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z2-7]{16}\b"),
    ("google", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}"),
    (
        "azure",
        r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}\b|\bAccountKey=[A-Za-z0-9+/]{40,}={0,2}"
        r"|\bSharedAccessKey=[A-Za-z0-9+/]{40,}={0,2}|\bsig=[A-Za-z0-9%]{30,}",
    ),
    ("stripe", r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/=]{20,}"),
    (
        "slack",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}|hooks\.slack\.com/(?:services"
        r"|workflows)/[A-Za-z0-9/_-]{20,}",
    ),
    ("npm", r"\bnpm_[A-Za-z0-9]{36}\b|(?<=_authToken=)[^\s\[\"']{8,}"),
    ("pypi", r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    ("gitlab", r"\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas)-[A-Za-z0-9_.-]{20,}"),
    ("anthropic", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("openai", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}"),
    ("docker", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    ("huggingface", r"\bhf_[A-Za-z0-9]{30,}"),
    ("digitalocean", r"\bdo[opr]_v1_[0-9a-f]{64}"),
    ("sendgrid", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("twilio", r"\bSK[0-9a-f]{32}\b"),
    ("hashicorp", r"\b(?:hvs|hvb|hvr)\.[A-Za-z0-9_-]{24,}|\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}"),
    ("rubygems", r"\brubygems_[0-9a-f]{48}"),
    ("shopify", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("databricks", r"\bdapi[0-9a-f]{32}\b"),
    ("telegram", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    ("jwt", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    ("url-password", r"(?<=://)[^\s/@:\[]{0,100}:[^\s/@\[]{1,300}(?=@)|(?<=://)[A-Za-z0-9_-]{20,200}(?=@)"),
    (
        "auth-header",
        r"(?i:(?<=authorization: )(?:basic|bearer|token|digest) +[^\s\"'\[]{6,}"
        r"|(?<=bearer )[A-Za-z0-9._~+/-]{20,}=*|(?<=x-api-key: )[^\s\"'\[]{8,})",
    ),
    # a line of a key without its BEGIN; hashes in hexadecimal are no secrets
    ("private-key", r"^(?=.*[G-Zg-z+/])[A-Za-z0-9+/]{60,}={0,2}$"),
)
# NAME=value, "name": "value", --name value; masks (***), variables ($X, ${{ }}) and our own marks are left alone.
ASSIGNMENT = re.compile(
    r"(?i)(?P<name>\b[\w.-]{0,60}(?:(?:passwd|password|passphrase|secret|api_?-?key|access_?-?key|private_?-?key"
    r"|auth_?-?token|access_?-?token|credential)s?[\w-]{0,20}|[_-](?:token|pat|pwd)"
    r"|(?<!\w)token(?=[\"']?\s{0,3}[:=]\s{0,3}[\"']?[^\s\"']{16}))"
    r"[\"']?\s{0,3}(?:=>?|:(?!:))\s{0,3}[\"']?)(?P<value>[^\s\"'`,;$*\[\](){}<>]{6,400})"
)
# Values that are no secret although their name sounds like one.
PLAIN_VALUE = re.compile(
    r"(?i)^(?:true|false|none|null|undefined|required|optional|missing|invalid|string|\d{1,6}|https?://.*"
    r"|[./~].*|[a-z]+(?:[._ -][a-z]+)*|[A-Z_]+|[\w.]+\(.*|.*\.(?:py|js|ts|go|java|rb|rs)(?::\d+)*:?"
    r"|v?\d+(?:\.\d+)+)$"
)

SECRET = re.compile("|".join(f"(?P<k{i}>{pattern})" for i, (_, pattern) in enumerate(TOKENS)), re.MULTILINE)
# What every secret above has in it; Hyperscan rules out nearly all lines in a twentieth of the real patterns' time.
HINTS = (
    r"gh[pousr]_|github_pat|v1\.[0-9a-f]|A(?:KIA|SIA|BIA|CCA|ROA|IDA)|AIza|ya29|GOCSPX|8Q~|[srp]k_(?:live"
    r"|test)|whsec|xox[a-z]-|xapp-|hooks\.slack|npm_|_authToken|pypi-",
    r"\bgl[a-z]{2,5}-|\bsk-|dckr_|\bhf_|do[opr]_v1|SG\.|SK[0-9a-f]|hv[sbr]\.|atlasv1|rubygems_|shp[acs]"
    r"|dapi|:AA|eyJ|://[^/\s]*@|PRIVATE KEY|^[A-Za-z0-9+/]{60}",
    r"(?i)key=|sig=|authorization|bearer|x-api-key|passw|passphrase|secret|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|token|credential|[_-]p(?:at|wd)",
)


@lru_cache(maxsize=1)
def hints() -> hyperscan.Database:
    database = hyperscan.Database()
    flags = hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_SINGLEMATCH
    database.compile(
        expressions=[hint.encode() for hint in HINTS],
        ids=[0] * len(HINTS),
        elements=len(HINTS),
        flags=[flags] * len(HINTS),
    )
    return database


@lru_cache(maxsize=64)
def working_memory(_thread: int) -> hyperscan.Scratch:
    """Threads that scan at the same time need one each; making it takes ten times as long as to scan a line."""
    return hyperscan.Scratch(hints())


def may_hold_secret(text: str) -> bool:
    seen: list[int] = []
    scratch = working_memory(threading.get_ident())
    hints().scan(text.encode(), match_event_handler=lambda *match: seen.append(match[0]), scratch=scratch)
    return bool(seen)


PART = 8
WORD = re.compile(r"\S+")
KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
KEY_REST = "-----BEGIN PRIVATE KEY-----"  # stands for a line of a key's body: its mask is the same
KEY_BODY = re.compile(r"^\s*(?:[A-Za-z0-9+/=]{1,4000}|(?:Proc-Type|DEK-Info|Version|Comment): .*)?$")


def redact(text: str, counts: Counter[str]) -> str:
    """The text without its secrets; `counts` is added to, by kind."""
    if not may_hold_secret(text):
        return text

    def token(match: re.Match[str]) -> str:
        kind = TOKENS[int((match.lastgroup or "k0")[1:])][0]
        counts[kind] += 1
        return MASK.format(kind)

    def assignment(match: re.Match[str]) -> str:
        if PLAIN_VALUE.match(match["value"]):
            return match[0]
        counts["assignment"] += 1
        return match["name"] + MASK.format("assignment")

    return ASSIGNMENT.sub(assignment, SECRET.sub(token, text))


def secrets_in(text: str) -> list[str]:
    """The secrets themselves, to recognise what a cut has left of them elsewhere. Never shown or stored."""
    if not may_hold_secret(text):
        return []
    values = [match["value"] for match in ASSIGNMENT.finditer(text) if not PLAIN_VALUE.match(match["value"])]
    return [match[0] for match in SECRET.finditer(text)] + values


def hide_parts(text: str, secrets: Collection[str]) -> str:
    """The text without words that share PART or more characters in a row with one of the secrets."""
    parts = {secret[n : n + PART] for secret in secrets for n in range(len(secret) - PART + 1)}
    if not any(part in text for part in parts):
        return text
    return WORD.sub(lambda word: MASK.format("part") if any(part in word[0] for part in parts) else word[0], text)
