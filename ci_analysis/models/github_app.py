from django.db import models
from django.utils import timezone
from encrypted_fields.fields import EncryptedTextField


class GitHubApp(models.Model):
    """The App as the manifest flow created it, for a service whose environment names none. At most one row.

    The secrets are encrypted with a key derived from SECRET_KEY and SALT_KEY.
    """

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    app_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    client_id = models.CharField(max_length=100, blank=True)
    private_key = EncryptedTextField()
    webhook_secret = EncryptedTextField()
    # The field stores "" as NULL.
    client_secret = EncryptedTextField(blank=True, null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "GitHub App"
        constraints = [models.CheckConstraint(condition=models.Q(singleton=True), name="github_app_only_one")]

    def __str__(self) -> str:
        return self.slug
