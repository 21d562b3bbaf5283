#!/bin/sh
# Floors: a room includes itself and what lies below it, never above.  The order of a house's floors
# is the order of the words here; the agent stands on the library's public face and its base.
set -eu
cd "$(dirname "$0")/.."

lib='base schema component connector check describe build factory'
agent='log metric loop serve web etcd document split ndjson tap outside plugin source engine switches fleet http conf cmd'

rank() { # rank HOUSE ROOM
	n=0
	for room in $(eval echo "\$$1"); do
		n=$((n + 1))
		[ "$room" = "$2" ] && { echo $n; return; }
	done
	echo 0
}

bad=0
complain() {
	echo "$1" >&2
	bad=1
}

for file in $(find lib agent -name '*.[ch]'); do
	house=${file%%/*}
	room=${file#*/}
	room=${room%%/*}
	own=$(rank "$house" "$room")
	for include in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
		to_house=${include%%/*}
		to_room=${include#*/}
		to_room=${to_room%%/*}
		case $include in
		lib/flume.h) continue ;;
		esac
		if [ "$house" = lib ] && [ "$to_house" != lib ]; then
			complain "$file: the library includes $include"
		elif [ "$house" = agent ] && [ "$to_house" = lib ] && [ "$to_room" != base ]; then
			complain "$file: the agent reaches into $include"
		elif [ "$house" = "$to_house" ] && [ "$own" != 0 ] &&
			[ "$(rank "$house" "$to_room")" -gt "$own" ]; then
			complain "$file: includes upwards, $include"
		fi
	done
	if [ "$own" = 0 ] && [ "$file" != lib/flume.h ] && [ "$file" != agent/main.c ]; then
		complain "$file: is in no room"
	fi
done

[ $bad = 0 ] && echo "floors: every include goes down"
exit $bad
