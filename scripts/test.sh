#!/usr/bin/env bash
# Run all tests but the slow ones: scripts/test.sh path/to/pytest [pytest's arguments]. `make test` calls it.
#
# Most tests that drive no browser wait for real time to pass, so two of them run at once. A call in browsers wants the
# whole machine, and so does what judges times closely (marked "alone"): those follow one by one.
# With arguments of the caller's everything runs in one process and in order, as they expect.
set -uo pipefail
pytest=$1
shift
[ $# -eq 0 ] || exec "$pytest" -m "not slow and not reach" "$@"

echo "1 of 2: tests without browsers, two at a time"
"$pytest" -m "not slow and not reach and not e2e and not alone" -n 2 --dist loadfile --no-loadscope-reorder
first=$?
[ $first -le 1 ] || exit $first # interrupted, or nothing to be run

echo "2 of 2: browser tests, one by one"
"$pytest" -m "not slow and not reach and (e2e or alone)"
second=$?
[ $first -eq 0 ] || echo "Tests without browsers failed as well: see the end of part 1 above."
exit $((second > first ? second : first))
