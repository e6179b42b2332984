from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from ci_analysis import github
from ci_analysis.exceptions import NotConfigured
from ci_analysis.models import Installation
from ci_analysis.services import github_app, installations
from orgs.models import Role
from orgs.services import organizations

ACTOR = "system:demo"


class Command(BaseCommand):
    help = "Makes the demo user an operator, and owner of every organization that has the App. Can be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DEMO_SIGN_IN_EMAIL is None:
            raise CommandError("DEMO_SIGN_IN_EMAIL is not set: these are not the settings of a demo.")
        user = self.operator(settings.DEMO_SIGN_IN_EMAIL)
        try:
            found = self.installations()
        except NotConfigured as error:
            self.stdout.write(str(error))
            return
        except github.GitHubError as error:
            raise CommandError(f"GitHub could not be asked for the App's installations: {error}") from error
        for installation in found:
            organizations.add_member(org=installation.org, user=user, role=Role.OWNER, actor=ACTOR)
            self.stdout.write(f"{user.email} owns {installation.org.name}.")
        if not found:
            self.stdout.write("The App is not installed anywhere yet.")

    def operator(self, email: str) -> User:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            user = User.objects.create_user(email, name="Demo")
            self.stdout.write(f"Created {email}.")
        user.is_active = user.is_staff = user.is_superuser = True
        user.save(update_fields=["is_active", "is_staff", "is_superuser"])
        return user

    def installations(self) -> list[Installation]:
        """All that GitHub has, brought in line with it. Raises NotConfigured, github.GitHubError."""
        with github.AppClient(github_app.credentials()) as client:
            found = client.installations()
        refreshed = (installations.refresh(installation.id) for installation in found)
        return [installation for installation in refreshed if installation is not None]
