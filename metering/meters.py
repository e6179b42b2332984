"""What is counted. A meter's name is stored with each event and never reused for something else."""

from enum import StrEnum


class Meter(StrEnum):
    ANALYSES = "analyses"
    """Finished analyses of a run attempt, one each."""
    LOG_BYTES_READ = "log_bytes_read"
    """Bytes of job logs that were downloaded and searched."""
