#!/usr/bin/env bash
# Say plainly that Node.js is missing or too old.
set -euo pipefail
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "wsmedia's page is built with Node.js 20 or newer and npm; install them first." >&2
  exit 1
fi
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
  echo "wsmedia's page needs Node.js 20 or newer; this is $(node --version)." >&2
  exit 1
fi
