#!/bin/sh
# Installs the Debian packages that the tests need, and those of the named programs, if they are missing.
set -e

missing=""
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || missing="$missing nginx-light"
command -v envsubst >/dev/null || missing="$missing gettext-base"
# shellcheck disable=SC2086  # names of programs
for program in caddy curl openssl sqlite3 rsync strace mount chromium chromium-headless-shell "$@"; do
    command -v $program >/dev/null || missing="$missing $program"
done
command -v exiftool >/dev/null || missing="$missing libimage-exiftool-perl"
find /usr/share/fonts -name DejaVuSans.ttf 2>/dev/null | grep -q . || missing="$missing fonts-dejavu-core"
# The Node.js that Playwright installs needs libatomic.
find /usr/lib /usr/lib64 -name 'libatomic.so.1*' 2>/dev/null | grep -q . || missing="$missing libatomic1"

[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    # shellcheck disable=SC2086  # one word a package
    apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $missing
else
    echo "The tests need programs that are not installed. To install them on Debian or Ubuntu:" >&2
    echo "    sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
