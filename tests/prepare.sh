#!/bin/sh
# Installs the Debian packages of the servers that tests talk to. Where that cannot be done the tests skip, and say so.
set -eu

missing=
[ -n "$(command -v mariadbd || ls /usr/sbin/mariadbd 2>/dev/null)" ] || missing="$missing mariadb-server-core"
[ -n "$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null)" ] || missing="$missing nginx-light"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "tests: not installed and not installable from here:$missing"
    echo "tests: what needs them is skipped. On Debian or Ubuntu: sudo apt-get install --no-install-recommends$missing"
    exit 0
fi

# An nginx that dpkg starts would take port 80; the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
echo "tests: installing$missing"
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; }
if ! install && ! { apt-get update -qq >/dev/null 2>&1 && install; }; then
    echo "tests: apt-get could not install$missing; what needs them is skipped"
fi
