#!/bin/sh
# What `make deb` runs: the tree that `make install` would make, cut into three packages.
#
#   flume        the agent and its commands, the unit, the manual, completions, the JSON Schema
#   libflume0    the shared library
#   libflume-dev headers, static library, pkg-config
#
#   deb.sh VERSION STAGE OUT    STAGE was installed with PREFIX=/usr
set -eu
version=$1 stage=$2 out=$3
here=$(dirname "$0")
arch=$(dpkg --print-architecture)
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
maintainer=${DEB_MAINTAINER:-"The Flume authors <flume@packages.invalid>"}
epoch=${SOURCE_DATE_EPOCH:?}
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

move() { # move PACKAGE PATH...: from the stage
	root=$work/$1
	shift
	for path; do
		mkdir -p "$root/$(dirname "$path")"
		mv "$stage/$path" "$root/$path"
	done
}

# ---- what goes where --------------------------------------------------------------------------

lib=usr/lib/$triplet
strip --strip-unneeded "$stage/usr/bin/flume" "$stage/$lib/libflume.so.$version"
chmod 644 "$stage/$lib/libflume.so.$version"
strip --strip-debug "$stage/$lib/libflume.a"
mkdir -p "$stage/usr/share/zsh/vendor-completions"
mv "$stage/usr/share/zsh/site-functions/_flume" "$stage/usr/share/zsh/vendor-completions/_flume"
gzip -9n "$stage/usr/share/man/man1/flume.1"

move libflume0 "$lib/libflume.so.$version" "$lib/libflume.so.0"
move libflume-dev usr/include "$lib/libflume.so" "$lib/libflume.a" "$lib/pkgconfig"
move flume usr/bin usr/share/man usr/share/bash-completion usr/share/zsh/vendor-completions \
	usr/share/fish usr/share/flume
left=$(find "$stage" -type f -o -type l)
[ -z "$left" ] || { echo "deb.sh: in no package: $left" >&2; exit 1; }

install -D -m 644 "$here/flume.service" "$work/flume/lib/systemd/system/flume.service"
install -D -m 644 "$here/flume.yaml" "$work/flume/etc/flume/flume.yaml"
mkdir -p "$work/flume/etc/flume/schemas"

# ---- what each says of itself -------------------------------------------------------------------

needs() { # needs FILE: the packages of the libraries that it is linked with
	mkdir -p "$work/shlibs/debian"
	printf 'Source: flume\n\nPackage: flume\nArchitecture: any\n' >"$work/shlibs/debian/control"
	(cd "$work/shlibs" && dpkg-shlibdeps --warnings=0 -O -e"$1") | sed -n 's/^shlibs:Depends=//p'
}

document() { # document PACKAGE
	doc=$work/$1/usr/share/doc/$1
	mkdir -p "$doc"
	{
		echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
		echo "Upstream-Name: flume"
		echo
		echo "Files: *"
		sed -n 's/^Copyright (c) /Copyright: /p' "$here/../../LICENSE"
		echo "License: Expat"
		sed -n '/^Permission/,$s/^/ /p' "$here/../../LICENSE" | sed 's/^ $/ ./'
	} >"$doc/copyright"
	{
		echo "flume ($version-1) unstable; urgency=medium"
		echo
		echo "  * Version $version."
		echo
		echo " -- $maintainer  $(date -u -R -d "@$epoch")"
	} | gzip -9n >"$doc/changelog.Debian.gz"
}

package() { # package NAME SECTION DEPENDS; the description comes in
	root=$work/$1
	document "$1"
	mkdir -p "$root/DEBIAN"
	{
		echo "Package: $1"
		echo "Source: flume"
		echo "Version: $version-1"
		echo "Architecture: $arch"
		[ "$1" = flume ] || echo "Multi-Arch: same"
		echo "Maintainer: $maintainer"
		echo "Section: $2"
		echo "Priority: optional"
		echo "Depends: $3"
		echo "Installed-Size: $(du -sk --apparent-size "$root" | cut -f1)"
		cat
	} >"$root/DEBIAN/control"
	(cd "$root" && find usr lib etc -type f 2>/dev/null | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
	find "$root" -exec touch -h -d "@$epoch" {} +
	dpkg-deb --root-owner-group --build "$root" "$out/$1_$version-1_$arch.deb"
}

mkdir -p "$work/flume/DEBIAN" "$work/libflume0/DEBIAN"
echo /etc/flume/flume.yaml >"$work/flume/DEBIAN/conffiles"
for script in postinst prerm postrm; do
	install -m 755 "$here/deb/$script" "$work/flume/DEBIAN/$script"
done
echo "libflume 0 libflume0 (>= $version)" >"$work/libflume0/DEBIAN/shlibs"
echo "activate-noawait ldconfig" >"$work/libflume0/DEBIAN/triggers"

mkdir -p "$out"
package flume net "$(needs "$work/flume/usr/bin/flume"), adduser, ca-certificates" <<END
Description: agent that keeps JSON pipelines in step with etcd
 Runs on every node and takes schemas of JSON-processing pipelines from etcd, a
 folder or a web server; checks each, proves it on its canary cases, swaps it
 in between two requests, watches it, and goes back when it fails.
 .
 The same program has the commands to check, try, apply and watch schemas.
END
package libflume0 libs "$(needs "$work/libflume0/$lib/libflume.so.$version")" <<END
Description: JSON pipelines from schemas that change while they run - library
 Builds pipelines out of components and a schema in YAML or JSON, and replaces
 them while they are in use.
END
package libflume-dev libdevel "libflume0 (= $version-1), liburcu-dev, libyaml-dev, nettle-dev" <<END
Description: JSON pipelines from schemas that change while they run - headers
 Builds pipelines out of components and a schema in YAML or JSON, and replaces
 them while they are in use.
 .
 What is needed to compile with the library, and to write plug-ins of the agent.
END
