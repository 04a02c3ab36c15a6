"""Where the voice lane's child begins: bound to its worker's life before anything heavy is imported.

Started by ``voice_child_process.py`` only::

    python -m scribe.worker.voice_child_entry PARENT_PID
"""

import sys

from scribe.adapters.audio_confinement import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[1]))  # the kernel means the thread that started us: the worker's main thread
    from scribe.worker.voice_child import main

    main()
