"""`httpx` and `httpx2`, where `hookline.compat.alias` was called: hookline's own objects.

The modules with an underscore beside this one have what packages are known to take from httpx's of
the same name. They load when somebody asks for them, and what else httpx has there is missing.
"""

from importlib import import_module
from importlib.util import find_spec

import hookline as _hookline
from hookline.compat import _private as _private

# The versions that this API is compared with: packages look at them to find out what there is.
__version__ = {"httpx2": "2.16.2"}.get(__name__, "0.28.1")

__all__ = [name for name in _hookline.__all__ if name != "__version__"]

# What hookline loads on first use stays unloaded until then.
globals().update({name: vars(_hookline)[name] for name in __all__ if name in vars(_hookline)})


def __getattr__(name: str) -> object:
    if name in __all__:
        value = globals()[name] = getattr(_hookline, name)
        return value
    is_submodule = name.startswith("_") and not name.startswith("__")
    if is_submodule and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r} (it is hookline, by hookline.compat.alias)"
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
