#!/bin/sh
# Makes a Debian package of the unpacked app: fakeroot sh build/make-deb.sh UNPACKED OUTPUT.deb VERSION
# The server's package is named vestnik. This one was, too, up to 0.1.0 without a revision; the server's has one.
set -eu
unpacked=$1 output=$2 version=$3
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
umask 022
chmod 755 "$tree"

mkdir -p "$tree/DEBIAN" "$tree/opt" "$tree/usr/bin" "$tree/usr/share/applications" "$tree/usr/share/doc/vestnik-desktop"
cp -R "$unpacked" "$tree/opt/vestnik-desktop"
chmod -R u=rwX,go=rX "$tree/opt/vestnik-desktop"
# Chromium's sandbox where the system forbids user namespaces
chmod 4755 "$tree/opt/vestnik-desktop/chrome-sandbox"
chown -R root:root "$tree"
ln -s /opt/vestnik-desktop/vestnik "$tree/usr/bin/vestnik-desktop"
cp "$here/vestnik.desktop" "$tree/usr/share/applications/"
cp "$unpacked/resources/LICENSE.vestnik.txt" "$tree/usr/share/doc/vestnik-desktop/copyright"
for picture in "$here"/icons/*.png; do
    size=$(basename "$picture" .png)
    mkdir -p "$tree/usr/share/icons/hicolor/$size/apps"
    cp "$picture" "$tree/usr/share/icons/hicolor/$size/apps/vestnik.png"
done
echo /opt/vestnik-desktop/resources/config.json >"$tree/DEBIAN/conffiles"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: vestnik-desktop
Version: $version
Architecture: amd64
Maintainer: The Vestnik authors <vestnik@localhost>
Installed-Size: $(du -sk --apparent-size "$tree/opt" | cut -f 1)
Depends: libgtk-3-0 | libgtk-3-0t64, libnss3, libgbm1, libasound2 | libasound2t64, libxss1, xdg-utils
Recommends: libnotify4, libsecret-1-0, default-dbus-session-bus | dbus-session-bus
Conflicts: vestnik (<= 0.1.0)
Replaces: vestnik (<= 0.1.0)
Section: net
Priority: optional
Description: A messenger of your own
 The desktop client of Vestnik, a messenger that one hosts oneself.
CONTROL
dpkg-deb --build -Zxz -z3 "$tree" "$output"
