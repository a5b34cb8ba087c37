#!/bin/sh
# Hook of `pushcert rotate`: brings the file that stands at the live path to several hosts, one after the other, and reloads the
# sender on each. The first that fails stops it, and pushcert runs it again as a rollback, which brings the old file to all.
#
#   pushcert rotate finish ck.pem ~/Downloads -- docs/deploy/several-hosts.sh /etc/push/ck.pem push-1 push-2 push-3
set -eu

target=${1:?the path on the hosts}
shift

# Written beside its place and renamed: a host that goes down meanwhile keeps the file that it had.
install="umask 077 && cat > '$target.new' && mv -f '$target.new' '$target' && systemctl reload push-sender.service"

failed=0
for host in "$@"; do
    if ssh -o BatchMode=yes "$host" "$install" < "${PUSHCERT_PATH:?run by pushcert rotate}"; then
        printf '%s has %s\n' "$host" "${PUSHCERT_NEW_SHA256:?}"
    else
        failed=1
        printf '%s does not\n' "$host"
        # A rollback reaches every host that it can.
        [ "${PUSHCERT_EVENT:?}" = rollback ] || exit 1
    fi
done
exit "$failed"
