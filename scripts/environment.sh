#!/bin/bash
# The tools that `make setup` put under the project's cache, found by name: source this file, or `eval "$(scripts/environment.sh)"`.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CAASCTL_CACHE="${CAASCTL_CACHE:-$project/.cache}"
mkdir -p "$CAASCTL_CACHE"
CAASCTL_CACHE=$(cd "$CAASCTL_CACHE" && pwd)

# The folders of administrators come last: an ordinary user's PATH lacks them on Debian, and runc lives there.
case ":$PATH:" in
*":$CAASCTL_CACHE/bin:"*) ;;
*) PATH="$CAASCTL_CACHE/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin" ;;
esac
export PATH

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    printf 'export CAASCTL_CACHE=%q\nexport PATH=%q\n' "$CAASCTL_CACHE" "$PATH"
fi
