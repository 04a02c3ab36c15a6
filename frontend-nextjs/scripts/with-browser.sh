#!/usr/bin/env bash
# Runs a command with SCRIBE_BROWSER naming a Chromium: the machine's own, or else one that is installed now (Debian and
# Ubuntu as root: the package; otherwise Playwright's own build). Usage: scripts/with-browser.sh npm run e2e
set -euo pipefail
cd "$(dirname "$0")/.."

found() {
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    command -v "$name" && return
  done
  for path in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    [ -x "$path" ] && echo "$path" && return
  done
  return 1
}

if [ -z "${SCRIBE_BROWSER:-}" ]; then
  if ! SCRIBE_BROWSER=$(found); then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      echo "Installing Chromium for the browser tests ..."
      apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null
      SCRIBE_BROWSER=$(found)
    else
      npx playwright install chromium
      SCRIBE_BROWSER=""  # Playwright knows where its own is
    fi
  fi
fi
export SCRIBE_BROWSER
exec "$@"
