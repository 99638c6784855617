#!/usr/bin/env bash
# Install the real software that the tests talk to. Without root nothing is installed: the tests that miss something skip
# and name it. A package that cannot be installed is no error here for the same reason.
set -uo pipefail

packages=(chromium firefox-esr ffmpeg janus coturn iproute2 openssl golang-go golang-github-pion-webrtc.v3-dev)

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 0
missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)
  [ "$state" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "Some tests will skip; to run them all: sudo apt-get install --no-install-recommends ${missing[*]}"
  exit 0
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
if ! apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
  for package in "${missing[@]}"; do
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
      echo "$package could not be installed; the tests that need it will skip."
  done
fi
exit 0
