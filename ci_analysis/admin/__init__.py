from ci_analysis.admin import analyses, github

__all__ = ["analyses", "github"]
