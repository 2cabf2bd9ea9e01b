#!/bin/sh
# Runs nginx on a plain machine as the container does; with -t it looks whether it could. See docs/nginx.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# absolute PATH: a relative one starts where the caller is, as the application has it.
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
# Debian keeps it off the PATH of users.
NGINX=${NGINX:-$(command -v nginx || echo /usr/sbin/nginx)}
# shellcheck source=nginx/15-settings.envsh
. "$here/15-settings.envsh"

mkdir -p "$NGINX_CONF_DIR" "$NGINX_TEMP_DIR" "$LOG_DIR"
for template in "$here"/templates/*.template; do
    name=$(basename "$template" .template)
    envsubst "$(env | sed -n 's/^\([A-Z_]*\)=.*/${\1}/p')" <"$template" >"$NGINX_CONF_DIR/$name"
done
"$here/30-watch.sh" "$([ "${1-}" != -t ] || echo once)"
exec "$NGINX" -e stderr -c "$NGINX_CONF_DIR/nginx.conf" "$@"
