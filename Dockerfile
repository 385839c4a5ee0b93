# One image for web, worker and beat: the command says which. It runs as a user without rights on a root file system that
# may be read-only, with a tmpfs at /tmp; docker-compose.yml shows how.

# Everything of Debian's newest stable release: its PostgreSQL programs are of the server's version in the compose file.
FROM python:3.13-slim-trixie AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
# The installer by hash, for either kind of processor, and by it all packages by the hashes in uv.lock.
RUN echo "uv==0.13.9 \
    --hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19 \
    --hash=sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe" \
    | pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes --requirement /dev/stdin
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --extra providers --no-install-project --no-cache --compile-bytecode
COPY . .
# Settings that nothing is made with and nobody else uses: to compile and to collect, the site only has to load them.
RUN export PATH="/app/.venv/bin:$PATH" SITE_URL=https://petition.example.org DEFAULT_FROM_EMAIL=petition@example.org \
        SECRET_KEY=nothing-nothing-nothing-nothing-nothing-nothing-nothing ADDRESS_KEY=nothing-nothing-nothing-nothing-nothing-nothing-nothing \
        DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost/0 EMAIL_URL=smtp://localhost \
    && python manage.py compile_translations \
    && python manage.py collectstatic --noinput --ignore flags \
    && python -m compileall -q campaigns petition_site signatures \
    # Readable for the site's user, whatever the umask was under which the source was checked out.
    && chmod --recursive a+rX campaigns locale petition_site signatures static staticfiles templates manage.py

# What a demonstration has besides: the mail server behind its inbox.
FROM build AS build-demo
RUN uv sync --frozen --no-default-groups --extra providers --group inbox --no-install-project --no-cache --compile-bytecode

# PostgreSQL's own programs for `manage.py backup`, without the Perl that Debian's wrappers around them need.
FROM python:3.13-slim-trixie AS postgresql
WORKDIR /package
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get download postgresql-client-17 \
    && dpkg-deb --extract postgresql-client-17_*.deb . \
    && rm -rf /var/lib/apt/lists/*

FROM python:3.13-slim-trixie AS bare
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 petition \
    && useradd --uid 10001 --gid petition --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin petition \
    && install --directory --owner petition --group petition --mode 700 /backups /inbox
COPY --from=postgresql /package/usr/lib/postgresql/17/bin/pg_dump /package/usr/lib/postgresql/17/bin/pg_restore \
    /usr/lib/postgresql/17/bin/
ENV PATH="/app/.venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001:10001
EXPOSE 8000
# Of the web server; the compose file says how worker and beat are looked at.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "petition_site/containers/alive.py"]
# gunicorn itself reads WEB_CONCURRENCY: how many processes.
CMD ["gunicorn", "--config", "python:petition_site.gunicorn_conf", "petition_site.wsgi", "--no-control-socket", \
    "--bind", "0.0.0.0:8000", "--threads", "4", "--worker-tmp-dir", "/dev/shm"]

FROM bare AS demo
COPY --from=build-demo /app /app

# The last one, and so what is built where nobody says which.
FROM bare AS site
COPY --from=build /app /app
