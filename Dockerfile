# Two images: the application, and with `--target nginx` the proxy in front of it.

FROM python:3.13-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python --no-cache-dir --disable-pip-version-check install --require-hashes -r requirements.txt
ENV PATH=/venv/bin:$PATH
COPY docker docker
COPY imagehost imagehost
COPY migrations migrations
COPY static static
COPY templates templates
COPY wsgi.py .
RUN pybabel -q compile -d imagehost/translations \
    && python -m whitenoise.compress --quiet static \
    && python -m compileall -q --invalidation-mode unchecked-hash docker imagehost migrations wsgi.py \
    && FLASK_SKIP_DOTENV=1 INSTANCE_DIR=/tmp/instance flask assets /srv/imagehost
# Babel has data for a thousand languages. Only those of the host are needed.
WORKDIR /venv/lib/python3.13/site-packages/babel
RUN mv locale-data all \
    && mkdir locale-data \
    && for language in root en $(ls /app/imagehost/translations); do mv "all/$language"*.dat locale-data; done \
    && rm -r all


# Debian's package of psql and pg_dump depends on Perl, for wrappers that are not used here: copy only the programs.
FROM python:3.13-slim-bookworm AS postgresql
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-15


FROM nginx:stable AS nginx
RUN rm -f /etc/nginx/conf.d/default.conf \
    && install -d -o 10001 -g 10001 -m 0750 /etc/nginx/conf.d /var/cache/nginx /var/log/imagehost
COPY nginx/15-settings.envsh nginx/30-watch.sh /docker-entrypoint.d/
COPY nginx/templates /etc/nginx/templates
COPY --from=build --chown=10001:10001 /srv/imagehost /srv/imagehost
ENV APP_HOST=app \
    NGINX_ENTRYPOINT_QUIET_LOGS=1 \
    NGINX_TEMP_DIR=/var/cache/nginx
USER 10001:10001
# Other users may not read the files that nginx writes: logs, and bodies of requests.
ENTRYPOINT ["sh", "-c", "umask 027 && exec /docker-entrypoint.sh \"$@\"", "sh"]
CMD ["nginx", "-e", "stderr", "-c", "/etc/nginx/conf.d/nginx.conf"]


FROM python:3.13-slim-bookworm AS app
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq5 libreadline8 \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/* \
    && groupadd --gid 10001 imagehost \
    && useradd --no-log-init --uid 10001 --gid imagehost --home-dir /var/lib/imagehost imagehost \
    # A named volume takes its owner and mode from the folder that it is mounted at first.
    && install -d -o imagehost -g imagehost -m 0750 \
        /run/secrets /var/backups/imagehost /var/lib/imagehost /var/lib/imagehost/images /var/log/imagehost
COPY --from=postgresql /usr/lib/postgresql/15/bin/pg_dump /usr/lib/postgresql/15/bin/psql /usr/local/bin/
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    FLASK_SKIP_DOTENV=1 \
    INSTANCE_DIR=/var/lib/imagehost \
    LOG_DIR=/var/log/imagehost \
    BACKUP_DIR=/var/backups/imagehost \
    WEB_SERVER_HOST=0.0.0.0
# Python's standard library is not compiled in the base image. Compile the modules that a start imports once, here.
RUN export INSTANCE_DIR=/tmp/instance LOG_DIR=/tmp/instance \
    && flask db upgrade \
    && gunicorn --check-config --config python:imagehost.gunicorn wsgi:app \
    && python -c 'import http.client, gunicorn.app.wsgiapp, gunicorn.workers.gthread' \
    && rm -r /tmp/instance \
    # The application's umask applied to the compiled files too: let all users read them.
    && find /usr/local/lib/python3.13 /venv /app -name '*.pyc' ! -perm -o=r -exec chmod a+r {} + \
    && find /usr/local/lib/python3.13 /venv /app -name __pycache__ ! -perm -o=x -exec chmod a+rx {} +
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s \
    CMD ["sh", "-c", "exec python docker/ready.py ${WEB_SERVER_START_PORT:-8000}"]
CMD ["python", "-m", "imagehost"]
