"""Where a bundled program starts: as the program, as the process of its sound or its reader, or as a batch's worker."""

import multiprocessing
import runpy
import sys

from neurofeedback.audio import SOUND_PROCESS
from neurofeedback.formats.isolated import READER_PROCESS

JOBLIB_WORKER = "joblib.externals.loky.backend.popen_loky_posix"
JOBLIB_TRACKER = "from joblib.externals.loky.backend.resource_tracker import main; "

if __name__ == "__main__":
    multiprocessing.freeze_support()
    if sys.argv[1:2] == [SOUND_PROCESS]:
        from neurofeedback.audio.process_sink import main

        main(sys.argv[2:])
    elif sys.argv[1:2] == [READER_PROCESS]:
        from neurofeedback.formats.isolated.reader_process import main as read

        read()
    elif sys.argv[1:3] == ["-m", JOBLIB_WORKER]:  # joblib starts its processes as if this program were Python
        del sys.argv[1:3]
        runpy.run_module(JOBLIB_WORKER, run_name="__main__")
    elif sys.argv[-2:-1] == ["-c"] and sys.argv[-1].startswith(JOBLIB_TRACKER):
        exec(sys.argv[-1])  # noqa: S102 - a call of that function with the numbers of its pipes
    else:
        from neurofeedback.__main__ import main as run

        run()
