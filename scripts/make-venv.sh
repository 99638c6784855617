#!/usr/bin/env bash
# Make a virtual environment, with plain words where Python is too old or lacks venv (Debian splits it off).
set -euo pipefail
venv=$1

python=""
for candidate in python3 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "wsmedia needs Python 3.11 or newer; install it first (on Debian and Ubuntu: apt-get install python3 python3-venv)." >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing python$version-venv …"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "python$version-venv" >/dev/null
  else
    echo "Python's venv module is missing; install it first: sudo apt-get install python$version-venv" >&2
    exit 1
  fi
fi
echo "Making $venv …"
"$python" -m venv "$venv"
