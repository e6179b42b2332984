"""Failures that nobody's change caused: a full disk, and logs that can't be had."""

from dataclasses import replace

from sandbox.github.create import JobSpec

from . import python
from .scene import Scene


def disk_full(scene: Scene) -> list[JobSpec]:
    log = scene.log("image")
    log.run("docker build --tag orders:ci .", name="Build the image")
    log.text(DISK_FULL, seconds=48.0)
    log.fail()
    log.warning("You are running out of disk space. Free space left: 12 MB")
    return [log.finish("failure")]


def log_gone(scene: Scene) -> list[JobSpec]:
    """The log's retention has ended: 410."""
    return [replace(job, log_state="gone") for job in python.assertion(scene) if job.conclusion == "failure"]


def log_never_ready(scene: Scene) -> list[JobSpec]:
    """404 for ever."""
    jobs = python.assertion(scene)
    return [replace(job, log_state="pending", log_pending_calls=-1) for job in jobs if job.conclusion == "failure"]


DISK_FULL = """
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 1.12kB done
#1 DONE 0.0s

#5 [builder 2/5] COPY requirements.txt ./
#5 DONE 0.1s

#6 [builder 3/5] RUN pip install -r requirements.txt
#6 21.31 Collecting torch==2.9.1 (from -r requirements.txt (line 7))
#6 21.44   Downloading torch-2.9.1-cp312-cp312-manylinux_2_28_x86_64.whl (899.7 MB)
#6 44.02 ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device
#6 44.02
#6 ERROR: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1
------
 > [builder 3/5] RUN pip install -r requirements.txt:
44.02 ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device
------
Dockerfile:9
--------------------
   7 |     COPY requirements.txt ./
   8 |
   9 | >>> RUN pip install -r requirements.txt
  10 |
  11 |     COPY . .
--------------------
ERROR: failed to build: failed to solve: process "/bin/sh -c pip install -r requirements.txt" did not complete \
successfully: exit code: 1
"""
