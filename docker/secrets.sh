#!/bin/sh
# secrets.sh GIVEN FOLDER: creates the secrets that the containers share, each as a file in FOLDER, unless the file
# exists. GIVEN is a file with one line NAME=VALUE for each secret, from .env. If a value is empty, the secret is
# random.
set -eu
umask 0227

while IFS= read -r line; do
    name=${line%%=*} value=${line#*=} file=$2/${line%%=*}
    # An existing file is not changed, because the database keeps the password that it was created with.
    [ ! -s "$file" ] || continue
    [ -n "$value" ] || value=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
    rm -f "$file.draft"
    printf %s "$value" >"$file.draft"
    sync "$file.draft"
    mv "$file.draft" "$file"
    echo "imagehost: the secret $name was created"
done <"$1"
