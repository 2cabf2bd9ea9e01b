#!/bin/sh
# Updates the addresses of APP_HOST for nginx, and rotates nginx's logs. (The application rotates its own logs.)
# The official image's entrypoint and run.sh run it before nginx: it writes the addresses, then runs in the background.
set -eu
umask 027

upstream=$NGINX_CONF_DIR/upstream.conf
pid_file=$NGINX_CONF_DIR/nginx.pid

addresses() {
    case $APP_HOST in
        # An IP address is used directly: getent fails if the machine's only IPv4 address is that of loopback.
        *[!0-9.]*) getent ahostsv4 "$APP_HOST" | awk '$2 == "STREAM" { print $1 }' | sort -u ;;
        *) echo "$APP_HOST" ;;
    esac
}

# servers OPTIONS ADDRESS…: writes a line for each port of each address.
servers() {
    options=$1
    shift
    for address; do
        port=$WEB_SERVER_START_PORT
        while [ "$port" -lt $((WEB_SERVER_START_PORT + WEB_SERVER_PORTS)) ]; do
            echo "    server $address:$port $options;"
            port=$((port + 1))
        done
    done
}

# backends ADDRESS…: writes the upstream. Without an address, its only server is down, so that nginx can start.
backends() {
    echo 'upstream application {'
    # The memory that workers share about backends: less than 1 KiB for each line, and each backend has two lines.
    echo "    zone application $((64 + 3 * $# * WEB_SERVER_PORTS))k;"
    echo '    least_conn;'
    if [ $# -gt 0 ]; then
        # A backend that does not answer is skipped for a while. If all are skipped, each one is tried again.
        servers 'max_fails=1 fail_timeout=2s' "$@"
        servers 'backup max_fails=0' "$@"
    else
        echo '    server 127.0.0.1:1 down;'
    fi
    echo '    keepalive 32;'
    echo '}'
}

# write ADDRESS…: replaces the former addresses. Returns 1 if they are the same.
write() {
    backends "$@" >"$upstream.new" && ! cmp -s "$upstream.new" "$upstream" || return 1
    mv "$upstream.new" "$upstream"
    echo "imagehost: addresses of $APP_HOST: ${*:-none yet}"
}

# If APP_HOST cannot be resolved, the last known addresses stay.
has_moved() {
    # shellcheck disable=SC2046  # one word per address
    set -- $(addresses)
    [ $# -gt 0 ] && write "$@"
}

certificate() {
    [ -z "$TLS_CERTIFICATE" ] || stat -L -c '%i %y' "$TLS_CERTIFICATE" "$TLS_KEY" || true
}

is_renewed() {
    now=$(certificate)
    [ "$now" != "$known" ] && known=$now
}

is_running() {
    [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null
}

tell_nginx() {
    kill "-$1" "$(cat "$pid_file")"
}

rotate() {
    for log in "$LOG_DIR/access.log" "$LOG_DIR/error.log"; do
        if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt "$LOG_MAX_SIZE" ]; then
            number=$LOG_KEEP
            while [ "$number" -gt 1 ]; do
                [ ! -f "$log.$((number - 1))" ] || mv "$log.$((number - 1))" "$log.$number"
                number=$((number - 1))
            done
            mv "$log" "$log.1"
            tell_nginx USR1
        fi
    done
}

watch() {
    tries=0
    known=$(certificate)
    until is_running; do
        tries=$((tries + 1))
        [ "$tries" -le 30 ] || exit 1
        sleep 1
    done
    while is_running; do
        if has_moved || is_renewed; then
            tell_nginx HUP
        fi
        # A log that cannot be rotated must not end the loop.
        rotate || true
        sleep 2
    done
}

# Older releases let other users read the logs.
for log in "$LOG_DIR/access.log"* "$LOG_DIR/error.log"*; do
    [ ! -f "$log" ] || chmod o-rwx "$log" || true
done
has_moved || [ -f "$upstream" ] || write
if [ "${1-}" != once ]; then
    rm -f "$pid_file"
    watch &
fi
