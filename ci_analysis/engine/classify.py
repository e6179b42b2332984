"""Category and suggestion for a failure that no detector names, from its words and from the command of its step."""

from __future__ import annotations

import re

from ci_analysis.engine.categories import Category

MESSAGE_WORDS: tuple[tuple[Category, str], ...] = (
    ("dependency", r"lock ?file|eresolve"),
    (
        "resource",
        r"no space left|out of memory|outofmemory|heap limit|cannot allocate memory|\boom"
        r"\b|address already in use|eaddrinuse|too many open files|\bkilled$|disk quota|memoryerror",
    ),
    (
        "infrastructure",
        r"operation was cancel|received sigint|shutdown signal|lost communication|runner has received"
        r"|hosted runner|no runner|job was cancel",
    ),
    (
        "permission",
        r"permission denied|dubious ownership|\b403\b|forbidden|unauthori[sz]ed|\b401\b|access denied"
        r"|authentication failed|could not read username|permission to \S+ denied|eacces|eperm",
    ),
    (
        "network",
        r"connection (?:refused|reset|timed out)|could not resolve host|temporary failure in name resolution"
        r"|name or service not known|max retries exceeded|bad gateway|\b50[234]\b|\betimedout|\beconnre|\benotfound"
        r"|network is unreachable|tls handshake|ssl.*(?:error|failed)|unable to access 'http"
        r"|failed to (?:download|fetch)|rate limit",
    ),
    (
        "vcs",
        r"merge conflict|conflict \(|failed to push|non-fast-forward|not a git repository|pathspec"
        r"|uncommitted|working tree|generated files are|git diff|out of date.*commit",
    ),
    (
        "dependency",
        r"no matching (?:version|distribution|package|manifest)|could not find a version|modulenotfound"
        r"|cannot find module|no module named|unresolved dependenc|could not resolve (?:dependenc|all)"
        r"|package .* not found|unsatisf|peer dep|not up[- ]to[- ]date|vulnerabilit"
        r"|could not find artifact|no such crate|requires? .*python",
    ),
    (
        "configuration",
        r"command not found|missing script|not recognized|unrecognized (?:option|argument)|unknown (?:option"
        r"|command|argument|flag)|invalid (?:option|configuration|argument|workflow)|no such option"
        r"|environment variable|is not set|could not find package configuration|no rule to make target",
    ),
    (
        "types",
        r"\berror ts\d|\[(?:attr-defined|arg-type|return-value|assignment|name-defined|call-arg|union-attr)"
        r"\]|is not assignable to",
    ),
    (
        "compile",
        r"cannot find symbol|undefined reference|undeclared|compilation (?:failure|error|failed)"
        r"|syntax ?error|parse error|unexpected token|error\[e\d+\]|could not compile|undefined: "
        r"|is not exported|\berror: expected|build failed",
    ),
    (
        "lint",
        r"would reformat|incorrectly sorted|not formatted|code style|prettier|eslint|rubocop|stylelint|lint"
        r"|missing cases in switch",
    ),
    (
        "test",
        r"assert|expected .* (?:to|but|got)|test(?:s|case)? .*fail|failures?!|tests? failed|--- fail"
        r"|\bfailures: [1-9]",
    ),
    (
        "runtime",
        r"exception|traceback|panic|sanitizer|segmentation"
        r"|core dumped|typeerror|valueerror|runtimeerror|unhandled|fatal",
    ),
)
STEP_WORDS: tuple[tuple[Category, str], ...] = (
    ("types", r"\b(?:mypy|pyright|tsc|type-?check|typecheck|phpstan|psalm|sorbet|flow check|pytype)\b"),
    (
        "lint",
        r"\b(?:lint\w*|eslint|flake8|ruff|black|isort|pylint|prettier|stylelint|rubocop|clippy|fmt|format"
        r"|golangci\S*|staticcheck|checkstyle|ktlint|detekt|shellcheck|hadolint|pre-commit|sqlfluff|credo"
        r"|markdownlint|vale|phpcs|swiftlint|tflint)\b",
    ),
    (
        "test",
        r"\b(?:tests?|pytest|jest|mocha|vitest|rspec|phpunit|ctest|nextest|tox|nox|unittest|e2e|spec|cypress"
        r"|playwright|verify|check)\b",
    ),
    (
        "dependency",
        r"\b(?:npm (?:ci|i|install|audit)|yarn(?: install)?$|pnpm (?:i|install|audit)|pip3? install"
        r"|bundle install|composer install|poetry install|uv sync|go mod|cargo fetch|apt-get|mix deps)\b",
    ),
    (
        "compile",
        r"\b(?:build|compile|make|cmake|javac|gcc|cargo|gradle|mvn|webpack|vite|rollup|tsc|xcodebuild|dotnet)\b",
    ),
    ("vcs", r"\b(?:git |checkout|clone|push)"),
)
BY_MESSAGE = tuple((category, re.compile(words, re.IGNORECASE)) for category, words in MESSAGE_WORDS)
BY_STEP = tuple((category, re.compile(words, re.IGNORECASE)) for category, words in STEP_WORDS)
SUGGESTIONS: dict[Category, str] = {
    "resource": "Give the job more of what ran out (memory, disk, a free port) or use less of it, then run it again.",
    "infrastructure": "Nothing in the change explains this; run it again, and look at the runner if it comes back.",
    "permission": "Check the token's or user's rights: `permissions:` of the workflow, the secret, file owners.",
    "network": "A service outside did not answer; run the job again, and add a retry if it comes back.",
    "vcs": "Bring the branch up to date and commit what the job generates.",
    "dependency": "Install with the lock file locally and commit the corrected manifest and lock file.",
    "test": "Run the failing tests alone; the first message usually tells which side is wrong, test or code.",
    "compile": "Correct the first error; those after it often follow from it.",
    "types": "Correct the first error; those after it often follow from it.",
    "lint": "Run the same command locally; most of these tools can correct what they find.",
    "configuration": "Check the command, its options and the environment that the step expects.",
}


TELLING_STEPS = ("types", "lint", "test", "dependency")
SOURCE = re.compile(
    r"\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx|m|mm|cu|rs|go|java|kt|kts|scala|swift|cs|fs|vb|hs|ml|zig|d|f90|erl"
    r"|ex|ts|tsx|proto)$"
)


def classify(message: str, context: str = "", step: str = "", file: str | None = None) -> Category:
    """The first category whose words the message holds, else one that the step's command or the context suggests.

    A step that tests, lints, checks types or installs fails with that unless its message says otherwise; one that
    builds may do anything, so the lines around are asked first.
    """
    by_step = first_match(BY_STEP, step)
    return (
        first_match(BY_MESSAGE, message)
        or (by_step if by_step in TELLING_STEPS else None)
        or first_match(BY_MESSAGE, context)
        or by_step
        or ("compile" if file and SOURCE.search(file) else "unknown")
    )


def first_match(table: tuple[tuple[Category, re.Pattern[str]], ...], text: str) -> Category | None:
    return next((category for category, pattern in table if text and pattern.search(text)), None)


def suggest(category: Category) -> str:
    """Advice that holds for all failures of the category; empty where there is none."""
    return SUGGESTIONS.get(category, "")
