#!/usr/bin/env bash
# Say plainly that Node.js is missing or too old.
set -euo pipefail
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "wsmedia's page is built with Node.js 20.19 or newer and npm; install them first." >&2
  exit 1
fi
if ! node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; then
  echo "wsmedia's page needs Node.js 20.19 or newer; this is $(node --version)." >&2
  exit 1
fi
