#!/usr/bin/env bash
# Run every fuzz target in tests/fuzz for the given number of seconds.
set -euo pipefail
python=$1
seconds=$2
for target in tests/fuzz/fuzz_*.py; do
  echo "== $target, $seconds s"
  "$python" "$target" --seconds "$seconds"
done
