#!/bin/sh
# Hook of `pushcert rotate`: puts the file that stands at the live path into a Secret of type kubernetes.io/tls and restarts
# the Deployment that mounts it. As a rollback it does the same with the file that came back.
#
#   pushcert rotate finish ck.pem ~/Downloads -- docs/deploy/kubernetes-secret.sh NAMESPACE SECRET DEPLOYMENT
set -eu

namespace=${1:?the namespace}
secret=${2:?the name of the Secret}
deployment=${3:?the name of the Deployment}

# In a variable and not in a pipe: a conversion that fails ends the hook before anything is applied.
manifest=$(pushcert convert "${PUSHCERT_PATH:?run by pushcert rotate}" --to k8s-secret --no-passphrase --name "$secret" -o -)
printf '%s\n' "$manifest" | kubectl --namespace "$namespace" apply -f -

kubectl --namespace "$namespace" rollout restart "deployment/$deployment"
kubectl --namespace "$namespace" rollout status "deployment/$deployment" --timeout=120s
