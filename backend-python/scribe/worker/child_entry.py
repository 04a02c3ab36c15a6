"""Where the child begins: it is bound to its worker's life before anything heavy is imported.

Importing the engines takes a second or more; a child whose worker was killed in that second would have lived on.
Started by ``child_process.py`` only::

    python -m scribe.worker.child_entry PIPE_FD PARENT_PID
"""

import sys

from scribe.adapters.audio_confinement import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[2]))  # the kernel means the thread that started us: the worker's main thread
    from scribe.worker.child import main

    main(pipe_fd=int(sys.argv[1]))
