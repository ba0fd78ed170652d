#!/bin/sh
# Makes the passwords of compose.yaml, once, in ./secrets. Compose mounts them as they are, so that those who run in the
# containers must be able to read them: the files are open, and the folder is closed to everybody else on the machine.
set -eu
cd "$(dirname "$0")"
mkdir -m 700 secrets
cd secrets
umask 022
chance() {
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}
ats=$(chance)
admin=$(chance)
frist=$(chance)
printf '%s' "$ats" > ats_password
printf 'mysql://frist:%s@mariadb/ats' "$ats" > ats_url
chance > root_password
printf '%s' "$frist" > s3_secret
printf '[default]\naws_access_key_id = admin\naws_secret_access_key = %s\n' "$admin" > s3_admin
cat > s3_identities << JSON
{
  "identities": [
    {
      "name": "admin",
      "credentials": [{ "accessKey": "admin", "secretKey": "$admin" }],
      "actions": ["Admin", "Read", "List", "Tagging", "Write"]
    },
    {
      "name": "frist",
      "credentials": [{ "accessKey": "frist", "secretKey": "$frist" }],
      "actions": ["Read:erasure-trail", "List:erasure-trail", "Write:erasure-trail"]
    }
  ]
}
JSON
