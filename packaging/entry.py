"""Where a bundled program starts: as the program, or as the process that its sound runs in."""

import multiprocessing
import sys

from neurofeedback.audio import SOUND_PROCESS
from neurofeedback.formats.isolated import READER_PROCESS

if __name__ == "__main__":
    multiprocessing.freeze_support()
    if sys.argv[1:2] == [SOUND_PROCESS]:
        from neurofeedback.audio.process_sink import main

        main(sys.argv[2:])
    elif sys.argv[1:2] == [READER_PROCESS]:
        from neurofeedback.formats.isolated.reader_process import main as read

        read()
    else:
        from neurofeedback.__main__ import main as run

        run()
