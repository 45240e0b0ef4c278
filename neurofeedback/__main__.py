"""The program: ``neurofeedback``, or ``python -m neurofeedback``. Ctrl-C ends it quietly from the first moment on."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

from neurofeedback.errors import EXIT_INTERRUPTED

_IMPORTLIB_PREFIX = "<frozen importlib"
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Run the program and exit with its code."""
    os.umask(0o077)  # files of libraries too are for the owner alone
    for name in _ONE_THREAD:  # threads of NumPy's products would wait for each other in endless loops on a busy machine
        os.environ.setdefault(name, "1")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _handle_interrupt)
    from neurofeedback.cli.main import main as run  # what is imported from here on can be interrupted

    run()


def _handle_interrupt(number: int, frame: FrameType | None) -> None:
    """End at once while something is being imported, where an interrupt would surface as any error at all."""
    at = frame
    while at is not None and threading.active_count() == 1:
        if at.f_code.co_filename.startswith(_IMPORTLIB_PREFIX):
            os._exit(EXIT_INTERRUPTED)
        at = at.f_back
    signal.default_int_handler(number, frame)


if __name__ == "__main__":
    main()
