"""Runs a script in which httpx means hookline: `python run.py SCRIPT URL`.

Fails where a module of the real packages was loaded all the same.
"""

from __future__ import annotations

import runpy
import sys

import hookline.compat

hookline.compat.alias()
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")

OURS = hookline.compat.__path__[0]
for name, module in sys.modules.items():
    if name.partition(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2"):
        assert module.__file__ is not None
        assert module.__file__.startswith(OURS), module
