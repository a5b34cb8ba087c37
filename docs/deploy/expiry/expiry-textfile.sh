#!/bin/sh
# Writes what ends when for the textfile collector of the node exporter: replaced whole, so that no half of it is ever scraped.
# Where a file could not be told the metrics say so (pushcert_expiry_success 0), and this ends with pushcert's own exit code.
set -u
exec pushcert expiry "${CERTS:-/etc/push}" --no-input \
    --format prometheus -o "${TEXTFILES:-/var/lib/node_exporter/textfile_collector}/pushcert.prom"
