"""``python -m neurofeedback``."""

from neurofeedback.cli.main import main

if __name__ == "__main__":
    main()
