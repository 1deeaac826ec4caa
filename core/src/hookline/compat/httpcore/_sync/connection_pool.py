"""httpcore._sync.connection_pool: the pool."""

from hookline.compat._core_pools import ConnectionPool

__all__ = ["ConnectionPool"]
