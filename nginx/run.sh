#!/bin/sh
# Runs nginx without a container, with the same configuration. With -t, it only tests it. See docs/nginx.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# absolute PATH: a relative path starts at the caller's folder, as in the application.
absolute() {
    case $1 in
        '' | /*) echo "$1" ;;
        *) echo "$PWD/$1" ;;
    esac
}

INSTANCE_DIR=$(absolute "${INSTANCE_DIR:-$(dirname "$here")/instance}")
IMAGES_DIR=$(absolute "${IMAGES_DIR:-${UPLOAD_DIR:-$INSTANCE_DIR/images}}")
LOG_DIR=$(absolute "${LOG_DIR:-$INSTANCE_DIR/logs}")
ASSETS_DIR=$(absolute "${ASSETS_DIR:-$INSTANCE_DIR/assets}")
NGINX_CONF_DIR=$(absolute "${NGINX_CONF_DIR:-$INSTANCE_DIR/nginx}")
NGINX_TEMP_DIR=$(absolute "${NGINX_TEMP_DIR:-$NGINX_CONF_DIR/temp}")
TLS_CERTIFICATE=$(absolute "${TLS_CERTIFICATE-}")
TLS_KEY=$(absolute "${TLS_KEY-}")
# On Debian, nginx is not on the PATH of users.
NGINX=${NGINX:-$(command -v nginx || echo /usr/sbin/nginx)}
# shellcheck source=nginx/15-settings.envsh
. "$here/15-settings.envsh"

# undecided ADDRESS: stops the start, because ACCESS is not set.
undecided() {
    echo "imagehost: other machines can reach this host (nginx listens on $1), and ACCESS is not set." \
        "Set ACCESS=open to let everybody who can reach it upload, list and delete images, or make it" \
        "reachable only from this machine: set LISTEN_ADDRESSES=127.0.0.1. See docs/access.md." >&2
    exit 1
}

# Other machines can reach the application through nginx. Its own check passes, because it listens only on loopback.
for address in $LISTEN_ADDRESSES; do
    case ${ACCESS:+decided}$address in
        decided* | \[::1\] | localhost) ;;
        127.*[!0-9.]*) undecided "$address" ;;
        127.*) ;;
        *) undecided "$address" ;;
    esac
done

mkdir -p "$NGINX_CONF_DIR" "$NGINX_TEMP_DIR" "$LOG_DIR"
for template in "$here"/templates/*.template; do
    name=$(basename "$template" .template)
    envsubst "$(env | sed -n 's/^\([A-Z_]*\)=.*/${\1}/p')" <"$template" >"$NGINX_CONF_DIR/$name"
done
"$here/30-watch.sh" "$([ "${1-}" != -t ] || echo once)"
exec "$NGINX" -e stderr -c "$NGINX_CONF_DIR/nginx.conf" "$@"
