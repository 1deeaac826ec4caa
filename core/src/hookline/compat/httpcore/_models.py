"""httpcore._models: messages."""

from hookline.compat._core_models import URL, Origin, Request, Response

__all__ = ["URL", "Origin", "Request", "Response"]
