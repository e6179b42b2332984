import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_sign_in_token_never_reaches_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        client.get("/sign-in/link?sesame=a-token-that-signs-in")
    assert "GET /sign-in/link" in caplog.text
    assert "a-token-that-signs-in" not in caplog.text
