#!/usr/bin/env bash
# Install the real software that the tests talk to; with `reach` also what stands in bad networks (make test-reach).
# Without root nothing is installed: the tests that miss something skip and name it. A package that cannot be installed is
# no error here for the same reason. Where a|b is named, b will do if it is there already.
set -uo pipefail

packages=(chromium firefox-esr ffmpeg janus coturn iproute2 openssl golang-go golang-github-pion-webrtc.v3-dev
  nginx nftables libnss3-tools 'squid-openssl|squid')
[ "${1:-}" = reach ] && packages+=(libnginx-mod-stream haproxy apache2-bin caddy tinyproxy-bin privoxy mitmproxy)

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 0

is_installed() {
  local name
  for name in ${1//|/ }; do
    [ "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" = "install ok installed" ] && return 0
  done
  return 1
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("${package%%|*}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "Some tests will skip; to run them all: sudo apt-get install --no-install-recommends ${missing[*]}"
  exit 0
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
# Tests start these programs themselves, in networks of their own: none of them shall begin to serve this machine's.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
fi
apt-get update -qq >/dev/null
if ! apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
  for package in "${missing[@]}"; do
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
      echo "$package could not be installed; the tests that need it will skip."
  done
fi
if command -v systemctl >/dev/null; then
  for package in "${missing[@]}"; do
    case $package in
      squid-openssl) systemctl disable --quiet squid ;;
      nginx | haproxy | caddy | privoxy) systemctl disable --quiet "$package" ;;
    esac 2>/dev/null
  done
fi
exit 0
