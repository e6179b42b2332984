"""PostgreSQL refuses to run as root. What root does about it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sandbox.binaries import ServerError, postgres_programs

NOBODY = 65534


def unprivileged(data: Path) -> list[str]:
    """What stands before a PostgreSQL program so that it does not run as root, which it refuses. Raises ServerError.

    First choice is a user namespace: nobody inside, root outside, so no file changes its owner. Containers often
    forbid that; then setpriv becomes nobody, if possible with the right to pass through folders of root's.
    """
    folder = data if data.exists() else data.with_name("data.new")
    owner = folder.stat().st_uid if folder.exists() else os.geteuid()
    if os.geteuid() != 0:
        if owner != os.geteuid():
            raise ServerError(f"{folder} belongs to user id {owner}. Run as that user, or remove {data.parent}.")
        return []
    if owner == 0 and works(namespace := nobody_inside()):
        return namespace
    for prefix in (become_nobody("--inh-caps=+dac_override", "--ambient-caps=+dac_override"), become_nobody()):
        if owner in (0, NOBODY) and works(prefix):
            hand_over(data.parent)
            return prefix
    if owner not in (0, NOBODY):
        raise ServerError(f"{folder} belongs to user id {owner}. Run as that user, or remove {data.parent}.")
    raise ServerError(
        "PostgreSQL refuses to run as root, and neither unshare nor setpriv works here."
        " Run as another user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def nobody_inside() -> list[str]:
    return ["unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]


def become_nobody(*capabilities: str) -> list[str]:
    """Without the securebit, access() answers for the user alone, and initdb says "Permission denied"."""
    keep = [*capabilities, "--securebits=+no_setuid_fixup"] if capabilities else []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *keep]


def hand_over(folder: Path) -> None:
    """Gives a cluster's folder and all in it to nobody."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def works(prefix: list[str]) -> bool:
    """Whether a server's program can be reached and run that way."""
    if shutil.which(prefix[0]) is None:
        return False
    command = [*prefix, str(postgres_programs() / "initdb"), "--version"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
