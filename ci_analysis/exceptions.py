class CiAnalysisError(Exception):
    """Base of what this app raises. str() is a sentence for the operator who reads it in the inbox."""


class PayloadError(CiAnalysisError):
    """A delivery lacks a field without which its event can't be processed. Retrying does not help."""


class InstallationInactive(CiAnalysisError):
    """The App is suspended or uninstalled on this account: nothing may be done for it."""


class NotConfigured(CiAnalysisError):
    """No GitHub App: neither the environment nor the manifest flow has named one."""
