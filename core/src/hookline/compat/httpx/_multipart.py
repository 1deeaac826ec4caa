"""httpx._multipart: forms with files."""

from hookline._multipart import MultipartStream

__all__ = ["MultipartStream"]
