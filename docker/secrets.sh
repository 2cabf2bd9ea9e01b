#!/bin/sh
# secrets.sh GIVEN FOLDER: makes the secrets that the containers share, once, each in a file of its own in FOLDER.
# What .env says of them stands in the file GIVEN, a line each; where it says nothing, they are random.
set -eu
umask 0227

while IFS= read -r line; do
    name=${line%%=*} value=${line#*=} file=$2/${line%%=*}
    # The database keeps the password that it was made with, so the file does too.
    [ ! -s "$file" ] || continue
    [ -n "$value" ] || value=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
    rm -f "$file.draft"
    printf %s "$value" >"$file.draft"
    sync "$file.draft"
    mv "$file.draft" "$file"
    echo "imagehost: $name made"
done <"$1"
