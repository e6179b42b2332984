from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import sign_in_links
from accounts.models import User


class Command(BaseCommand):
    help = "Prints a link that signs a person in once, within ten minutes. Pass it on over a channel you trust."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {email}. Create one in the console, or by createsuperuser.")
        self.stdout.write(sign_in_links.create(user))
