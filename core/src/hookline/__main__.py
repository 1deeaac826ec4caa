"""`python -m hookline`: the command line, as `hookline` starts it."""

from ._cli import main

if __name__ == "__main__":
    main()
