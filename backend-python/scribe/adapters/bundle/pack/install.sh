#!/bin/sh
# Finds a Python that this pack is for, and installs with it: sh install.sh [--prefix DIR]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
for python in python3 @PYTHONS@; do
    if "$python" -c 'import sys; sys.exit("python%d.%d" % sys.version_info[:2] not in sys.argv[1:])' @PYTHONS@ 2>/dev/null; then
        exec "$python" -B "$here/install.py" "$@"
    fi
done
echo "install: this pack needs one of: @PYTHONS@. None was found in PATH." >&2
exit 1
