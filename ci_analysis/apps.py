from django.apps import AppConfig


class CiAnalysisConfig(AppConfig):
    name = "ci_analysis"
    verbose_name = "CI analysis"
