from django.contrib.admin.apps import AdminConfig


class FixciAdminConfig(AdminConfig):
    default_site = "config.admin_site.FixciAdminSite"
