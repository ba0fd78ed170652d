#!/bin/sh
# Keys behind a program, as docs/operating.md describes it under "Keys": here with openssl, for keys that belong to
# another user than frist's. To use a key service instead, put its client in the place of openssl.
#
#   keys.signing: command:sudo -n -u frist-keys /usr/local/bin/frist-keys /etc/frist-keys
#
# In the folder that is named first: signing.pem (openssl genpkey -algorithm ed25519) and wrapping (any long secret).
set -eu
cd "$1"
case $2 in
  public-key)
    openssl pkey -in signing.pem -pubout
    ;;
  sign)
    message=$(mktemp)
    trap 'rm -f "$message"' EXIT
    cat > "$message"
    openssl pkeyutl -sign -rawin -inkey signing.pem -in "$message" | base64 -w 0
    ;;
  wrap | unwrap)
    # The id of the epoch is part of the secret: a wrapped key opens as that of no other epoch.
    WRAPPING=$(cat wrapping)$3
    export WRAPPING
    [ "$2" = wrap ] && way=-e || way=-d
    openssl enc "$way" -aes-256-cbc -pbkdf2 -pass env:WRAPPING -base64 -A
    ;;
  *)
    exit 64
    ;;
esac
