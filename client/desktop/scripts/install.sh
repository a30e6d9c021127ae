#!/bin/sh
# Installs what develops and tests the desktop client, as locked, where that is not done yet. Downloads no Electron.
set -eu
cd "$(dirname "$0")/.."

# Node 20 or newer, and npm?
usable() { command -v npm >/dev/null 2>&1 && node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null; }

if ! usable; then
    echo "desktop: no Node 20 or newer with npm here; what checks, tests and starts the desktop client is skipped" >&2
    exit 0
fi
stamp=node_modules/.vestnik-stamp
wanted=$(cat package.json package-lock.json | sha256sum; node --version)
[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || exit 0
echo "desktop: npm ci" >&2
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
echo "$wanted" >"$stamp"
