"""httpcore._async.connection_pool: the pool."""

from hookline.compat._core_pools import AsyncConnectionPool

__all__ = ["AsyncConnectionPool"]
