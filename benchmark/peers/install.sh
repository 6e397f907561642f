#!/bin/sh
# Unpacks the programs of other shippers that the benchmark runs, on Debian. Nothing is installed into the system: no
# service starts, rsyslog and syslog-ng (which Debian lets no machine have both of) lie side by side, and root is not
# needed. Remove the folder to be rid of them.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/logferry-peers}
mkdir -p "$folder/bin" "$folder/debs/partial" "$folder/root"
folder=$(cd "$folder" && pwd)
root=$folder/root
architecture=$(dpkg-architecture -q DEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")

# What of a package's needs the machine has is not downloaded.
download() {
  apt-get install --yes -qq --no-install-recommends --download-only --reinstall -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
    -o Dir::Cache::archives="$folder/debs" "$@" >/dev/null
}
download rsyslog rsyslog-relp
download syslog-ng-core
download golang-go
for package in "$folder"/debs/*.deb; do dpkg-deb --extract "$package" "$root"; done
rm -r "$folder/debs"

wrapper() {
  printf '#!/bin/sh\nexport LD_LIBRARY_PATH=%s\nexec env %s %s "$@"\n' \
    "'$root/usr/lib/$architecture:$root/lib/$architecture:$root/usr/lib/syslog-ng'" "$2" "'$3'" >"$folder/bin/$1"
  chmod +x "$folder/bin/$1"
}
wrapper rsyslogd "RSYSLOG_MODDIR='$root/usr/lib/$architecture/rsyslog'" "$root/usr/sbin/rsyslogd"
wrapper syslog-ng "SYSLOGNG_PREFIX='$root/usr'" "$root/usr/sbin/syslog-ng"
ln -sf ../root/usr/bin/go "$folder/bin/go"
echo "rsyslogd, syslog-ng and go are in $folder/bin, where the benchmark looks"
