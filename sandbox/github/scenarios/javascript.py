"""JavaScript jobs: a type error, and dependencies that contradict each other."""

from sandbox.github.create import JobSpec

from .job_log import JobLog
from .scene import Scene


def type_error(scene: Scene) -> list[JobSpec]:
    log = _with_node(scene.log("web"))
    log.run("npm ci", name="Install dependencies")
    log.text(NPM_CI, seconds=6.4)
    log.run("npm run typecheck", name="Check types")
    log.text(TYPE_ERROR, seconds=4.9)
    log.fail(2)
    return [log.finish("failure")]


def dependency_conflict(scene: Scene) -> list[JobSpec]:
    log = _with_node(scene.log("web"))
    log.run("npm ci", name="Install dependencies")
    log.text(CONFLICT, seconds=2.2)
    log.fail()
    return [log.finish("failure")]


def _with_node(log: JobLog) -> JobLog:
    log.use("actions/setup-node@v5", "  node-version: 24\n  cache: npm\n  always-auth: false")
    log.line("Found in cache @ /opt/hostedtoolcache/node/24.11.1/x64", seconds=0.2)
    log.group("Environment details", "node: v24.11.1\nnpm: 11.6.2\nyarn: 1.22.22")
    log.line("Cache restored successfully", seconds=1.3)
    return log


NPM_CI = """
npm warn deprecated glob@8.1.0: Glob versions prior to v9 are no longer supported

added 312 packages, and audited 313 packages in 6s

58 packages are looking for funding
  run `npm fund` for details

found 0 vulnerabilities
"""
TYPE_ERROR = """

> orders-web@2.4.0 typecheck
> tsc --noEmit --pretty false

src/basket/delivery.ts(27,9): error TS2322: Type 'string | undefined' is not assignable to type 'Date'.
  Type 'undefined' is not assignable to type 'Date'.
src/basket/Summary.tsx(14,31): error TS2339: Property 'toLocaleDateString' does not exist on type 'string'.
"""
CONFLICT = """
npm error code ERESOLVE
npm error ERESOLVE could not resolve
npm error
npm error While resolving: react-day-picker@8.10.1
npm error Found: react@19.2.0
npm error node_modules/react
npm error   react@"^19.2.0" from the root project
npm error
npm error Could not resolve dependency:
npm error peer react@"^16.8.0 || ^17.0.0 || ^18.0.0" from react-day-picker@8.10.1
npm error node_modules/react-day-picker
npm error   react-day-picker@"^8.10.1" from the root project
npm error
npm error Conflicting peer dependency: react@18.3.1
npm error node_modules/react
npm error   peer react@"^16.8.0 || ^17.0.0 || ^18.0.0" from react-day-picker@8.10.1
npm error   node_modules/react-day-picker
npm error     react-day-picker@"^8.10.1" from the root project
npm error
npm error Fix the upstream dependency conflict, or retry
npm error this command with --force or --legacy-peer-deps
npm error to accept an incorrect (and potentially broken) dependency resolution.
npm error A complete log of this run can be found in: /home/runner/.npm/_logs/2026-11-20T09_14_51-debug-0.log
"""
