#!/bin/sh
# Installs the Debian packages that tests need: servers to talk to, a browser, a screen and what Electron links to.
# Where that cannot be done the tests skip, and say so.
set -eu

missing=
command_or() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"; }
libraries=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)
library_or() { case $libraries in *"$1 "*) ;; *) missing="$missing $2" ;; esac; }
font_or() { [ -n "$(find /usr/share/fonts -name "$1" 2>/dev/null)" ] || missing="$missing $2"; }

command_or mariadbd mariadb-server-core
command_or nginx nginx-light
command_or redis-server redis-server
command_or haproxy haproxy
command_or age age
command_or curl curl
browser() {
    [ -n "${CHROMIUM:-}" ] && return
    for name in chromium-headless-shell chromium google-chrome; do
        if command -v "$name" >/dev/null 2>&1; then return; fi
    done
    missing="$missing chromium-headless-shell"
}
browser
command_or Xvfb xvfb
command_or dbus-run-session dbus
command_or gnome-keyring-daemon gnome-keyring
library_or libgtk-3.so.0 libgtk-3-0
library_or libnss3.so libnss3
library_or libgbm.so.1 libgbm1
library_or libasound.so.2 libasound2
library_or libsecret-1.so.0 libsecret-1-0
font_or NotoSans-Regular.ttf fonts-noto-core
font_or NotoColorEmoji.ttf fonts-noto-color-emoji
font_or DejaVuSansMono.ttf fonts-dejavu-core
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
# Newer releases name some libraries anew.
renamed() {
    for name in $missing; do
        if apt-cache show "${name}t64" >/dev/null 2>&1; then
            echo "${name}t64"
        elif [ "$name" = chromium-headless-shell ] && ! apt-cache show "$name" >/dev/null 2>&1; then
            echo chromium
        else
            echo "$name"
        fi
    done
}
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(renamed) >/dev/null 2>&1; }
echo "tests: installing$missing"
if ! install && ! { apt-get update -qq >/dev/null 2>&1 && install; }; then
    echo "tests: apt-get could not install$missing; what needs them is skipped"
fi
