"""`python -m perflab`: the command line, where its script is not on the PATH."""

from perflab.cli import main

if __name__ == "__main__":
    main()
