"""Make `.venv`: the workspace, editable, and one dependency group of the root pyproject.toml.

Knows when the environment is current, when it has to be brought up to date and when it has to be
made again. Knows nothing about what the packages in it are for. Standard library only: it runs on
whatever Python `_env.sh` found, before anything is installed.

`.venv` belongs to this script. One file in it, STATE, says what it holds; the file is removed
before any change and written after it, so that an environment without it was interrupted half-way
(or made by something else) and is made again from nothing. A repair is never attempted: pip cannot
repair every half-written package, and starting over costs half a minute.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATE = VENV / "hookline-env.json"

# The first release with `pip install --group`; a new environment comes with an older one.
PIP = "pip>=25.1"


def main(group: str) -> None:
    projects = [ROOT / "core", *sorted((ROOT / "plugins").glob("*/")), ROOT]
    projects = [project for project in projects if (project / "pyproject.toml").is_file()]
    # What the environment is: a difference means another one, made from nothing. The place is part
    # of it because editable packages point there by absolute path, and the list of projects because
    # pip does not remove what is no longer in the tree.
    identity = {
        "python": [sys.version, sys.base_prefix],
        "root": str(ROOT),
        "projects": [str(project.relative_to(ROOT)) for project in projects],
    }
    # What is in it: a difference is brought up to date in place.
    contents = hashlib.sha256()
    for path in [Path(__file__), *(project / "pyproject.toml" for project in projects)]:
        contents.update(path.read_bytes())

    with only_one() as lock:
        state = read_state()
        fresh = state.get("identity") != identity or not PYTHON.exists()
        groups: dict[str, str] = {} if fresh else state["groups"]
        if groups.get(group) == contents.hexdigest():
            return

        started = time.monotonic()
        version = ".".join(map(str, sys.version_info[:3]))
        say(f"{'Making' if fresh else 'Updating'} .venv (Python {version}, group {group}) ...")
        STATE.unlink(missing_ok=True)
        if fresh:
            remove()
            # The interpreter behind an environment that may be active, and may be this very one.
            base = getattr(sys, "_base_executable", None) or sys.executable
            run(lock, base, "-m", "venv", str(VENV))
            pip_install(lock, "--upgrade", PIP)
        editables = [part for project in projects for part in ("--editable", str(project))]
        pip_install(lock, "--group", group, *editables)
        groups[group] = contents.hexdigest()
        STATE.write_text(json.dumps({"identity": identity, "groups": groups}, indent=2) + "\n")
        say(f"Done in {time.monotonic() - started:.0f} s.")


@contextlib.contextmanager
def only_one() -> Iterator[int]:
    """Let one command at a time change the environment; others wait.

    The lock is on the repository's directory, so that nothing is left behind, and it is handed
    down to pip: if this process is killed, the lock holds until pip has ended as well.
    """
    lock = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another command that is making .venv ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            pass  # A file system without locks: then two commands at once are not caught.
        yield lock
    finally:
        os.close(lock)


def read_state() -> dict[str, Any]:
    try:
        state = json.loads(STATE.read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def remove() -> None:
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)


def pip_install(lock: int, *arguments: str) -> None:
    run(lock, str(PYTHON), "-m", "pip", "install", "--quiet", *arguments)


def run(lock: int, *command: str) -> None:
    """Run a command silently; if it fails, show everything it said and stop."""
    environment = os.environ | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_USER": "0",
    }
    if not environment.get("HOME"):
        # pip would take the root of the file system for a home, and put its cache there.
        environment["PIP_NO_CACHE_DIR"] = "1"
    # `--group` reads the pyproject.toml of the working directory.
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        pass_fds=[lock],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        say(done.stdout.rstrip())
        say(f"\nCould not make .venv: exit code {done.returncode} from\n  {' '.join(command)}")
        say("The next run starts over from an empty environment.")
        sys.exit(1)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        say("\nInterrupted. The next run starts over from an empty environment.")
        sys.exit(130)
    except OSError as error:
        say(f"Could not make .venv: {error}")
        sys.exit(1)
