# Sourced by the commands beside it (and by .ci/run); POSIX sh.
#
# Knows how to find a Python that can carry the project, and nothing about what
# is installed: `_env.py` makes the environment. Leaves behind:
#   $root    the repository, wherever the command was called from
#   $python  the environment's interpreter, once `make_environment` has returned

set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
python=$root/.venv/bin/python

# The first of the candidates that is new enough and can make environments.
# A Python that was asked for by name is used or refused, never replaced.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.13 python3.12 python3.11 python3.14
    fi
    tried=
    for candidate in "$@"; do
        # Runs rather than looks: a name on the PATH may be a version manager's
        # shim with nothing behind it. The code must be legal in Python 2.
        if version=$("$candidate" -c '
import sys
print("%d.%d.%d" % sys.version_info[:3])
if sys.version_info < (3, 11):
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)
' 2>/dev/null); then
            base_python=$candidate
            return
        else
            case $? in
            3) problem="is Python $version: too old" ;;
            4) problem="is Python $version, without venv and ensurepip (on Debian and Ubuntu they are in the package python3-venv)" ;;
            *) problem="is not there, or does not run" ;;
            esac
        fi
        tried="$tried
  $candidate $problem"
    done
    cat >&2 <<MESSAGE
hookline needs Python 3.11 or newer, with the modules venv and ensurepip. Tried:$tried
Install one (python.org, pyenv, your package manager), or name one that you have:
  PYTHON=/path/to/python3.12 $0
MESSAGE
    exit 1
}

# make_environment GROUP: .venv holds the workspace and that dependency group.
make_environment() {
    find_python
    "$base_python" "$root/scripts/_env.py" "$1"
}
