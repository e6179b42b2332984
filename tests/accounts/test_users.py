import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_upper_and_lower_case_are_one_address() -> None:
    User.objects.create_user("Alice@Example.com")
    with pytest.raises(ValidationError, match="already"):
        User.objects.create_user("alice@example.COM")
    assert User.objects.get_by_natural_key("ALICE@example.com").email == "Alice@Example.com"


def test_the_database_itself_refuses_the_same_address_in_other_case() -> None:
    User.objects.create_user("alice@example.com")
    with pytest.raises(IntegrityError, match="user_email_unique_ignoring_case"):
        User.objects.bulk_create([User(email="ALICE@example.com")])


def test_nobody_has_a_password() -> None:
    operator = User.objects.create_superuser("operator@example.com", password="ignored")
    assert not operator.has_usable_password()
    assert operator.is_staff


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid email"):
        User.objects.create_user("not an address")
