"""httpx._status_codes: the status codes by name."""

from hookline._codes import codes

__all__ = ["codes"]
