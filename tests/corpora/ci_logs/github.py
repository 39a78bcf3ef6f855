"""What only GitHub and its actions print. Sentences as public issues quote them; nothing else of those issues."""

from __future__ import annotations

from case import Case

_AT = {"path": ".github", "line": 1, "level": "failure"}


def told(name: str, cause: str, key: str, verdict: str, lines: tuple[str, ...] = (), *, annotation: str = "", **more: object) -> Case:
    annotations = ({**_AT, "message": annotation},) if annotation else ()
    began = not annotation or any("##[error]" in line for line in lines)
    given = {"facts": {"changed": ["README.md"]}, "step": "Run tests" if began else "", "run": "make test"} | more
    return Case(name=name, cause=cause, key=key, verdict=verdict, lines=lines or ("collecting…",), annotations=annotations, **given)  # type: ignore[arg-type]


_LOST = "The hosted runner: GitHub Actions 9 lost communication with the server. Anything in your workflow that terminates the runner process, starves it for CPU/Memory, or blocks its network access can cause this error."
_SHUTDOWN = "The runner has received a shutdown signal. This can happen when the runner service is stopped, or a manually started runner is canceled."
_PAY = "The job was not started because recent account payments have failed or your spending limit needs to be increased. Please check the 'Billing & plans' section in your settings"
_NO_RUNNER = "This request was automatically failed because there were no enabled runners online to process the request for more than 1 days."
_WAITED = "The job has exceeded the maximum execution time while awaiting a runner for 24h0m0s"
CASES = (
    told("github-job-time-limit", "time-limit", "exceeded the maximum execution time of 360 minutes", "infrastructure", ("tests/test_cart.py ....", "##[error]The operation was canceled."), annotation="The job running on runner GitHub Actions 3 has exceeded the maximum execution time of 360 minutes.", conclusion="cancelled"),
    told("github-job-time-limit-new", "time-limit", "exceeded the maximum execution time of 45m0s", "infrastructure", ("tests/test_cart.py ....", "##[error]The operation was canceled."), annotation="The job has exceeded the maximum execution time of 45m0s", conclusion="cancelled"),
    told("github-step-time-limit", "time-limit", "has timed out after 5 minutes", "infrastructure", ("waiting for the shop", "##[error]The action 'Run tests' has timed out after 5 minutes.")),
    told("github-runner-lost", "runner", "lost communication with the server", "infrastructure", annotation=_LOST),
    told("github-runner-shutdown", "runner", "received a shutdown signal", "infrastructure", ("tests/test_cart.py ..", f"##[error]{_SHUTDOWN}", "##[error]Process completed with exit code 143.", "##[error]The operation was canceled.")),
    told("github-runner-none", "runner", "no enabled runners online", "infrastructure", annotation=_NO_RUNNER),
    told("github-runner-awaited", "runner", "awaiting a runner", "infrastructure", annotation=_WAITED),
    told("github-billing", "billing", "recent account payments have failed", "infrastructure", annotation=_PAY),
    told("github-permission", "permission", "Resource not accessible by integration", "infrastructure", ("Comparing commits", "##[error]Resource not accessible by integration"), uses="release-kit/label@v2", step="Label"),
    told("github-permission-workflow", "permission", "Resource not accessible by integration", "ours", ("##[error]HttpError: Resource not accessible by integration",), uses="release-kit/label@v2", step="Label", facts={"changed": [".github/workflows/label.yml"], "base": "green"}),
    told("github-input-missing", "secret", "Input required and not supplied: token", "infrastructure", ("##[error]Input required and not supplied: token",), uses="actions/checkout@v5", step="Checkout the kit"),
    told("github-input-missing-again", "secret", "Input required and not supplied: apiToken", "infrastructure", ("##[error]Input required and not supplied: apiToken",), uses="cloud/deploy@v3", step="Deploy"),
    told("github-push-denied", "permission", "Permission to ada/shop.git denied to github-actions[bot]", "infrastructure", ("remote: Permission to ada/shop.git denied to github-actions[bot].", "fatal: unable to access 'https://github.com/ada/shop/': The requested URL returned error: 403", "##[error]Process completed with exit code 128."), step="Publish", run="git push"),
    told("github-action-missing", "workflow", "Unable to resolve action", "deterministic", ("##[error]Unable to resolve action `actions/chekout@v5`, repository not found",), step="Set up job", run=""),
    told("github-artifact-deprecated", "workflow", "deprecated version of `actions/upload-artifact: v2`", "deterministic", annotation="This request has been automatically failed because it uses a deprecated version of `actions/upload-artifact: v2`."),
    told("github-rate-limit", "rate-limit", "API rate limit exceeded", "external", ("##[error]API rate limit exceeded for installation ID 1234567.",), uses="release-kit/label@v2", step="Label"),
    told("github-download-503", "registry", "Response status code does not indicate success: 503", "external", ("##[warning]Failed to download action 'actions/cache@v4'. Error: Response status code does not indicate success: 503 (Service Unavailable).", "##[error]Response status code does not indicate success: 503 (Service Unavailable)."), step="Set up job", run=""),
    told("github-annotations-only", "unknown", "Cart total is one too much", "unknown", annotation="Cart total is one too much"),
    told("github-docker-pull-limit", "rate-limit", "toomanyrequests", "external", ("#3 [internal] load metadata for docker.io/library/python:3.12", "#3 ERROR: toomanyrequests: You have reached your unauthenticated pull rate limit.", "ERROR: failed to build: failed to solve: python:3.12: failed to resolve source metadata for docker.io/library/python:3.12: toomanyrequests: You have reached your unauthenticated pull rate limit.", "##[error]Process completed with exit code 1."), step="Build image", run="docker build .", tool="docker"),
)
