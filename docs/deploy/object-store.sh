#!/bin/sh
# Hook of `pushcert rotate`: puts the file that stands at the live path into a bucket under its fingerprint, then points
# `current` at it. Readers fetch `current`, then the object that it names, so they never meet a half-written pair.
#
#   pushcert rotate finish ck.pem ~/Downloads -- docs/deploy/object-store.sh BUCKET PREFIX
set -eu

bucket=${1:?the bucket}
prefix=${2:?the prefix}
new=${PUSHCERT_NEW_SHA256:?run by pushcert rotate}

aws s3 cp "${PUSHCERT_PATH:?run by pushcert rotate}" "s3://$bucket/$prefix/$new.pem" --sse aws:kms --only-show-errors
printf '%s\n' "$new" | aws s3 cp - "s3://$bucket/$prefix/current" --sse aws:kms --only-show-errors
