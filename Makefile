# The two commands of the README and a few more. They need make and Python 3.11 or later with venv; the rest they get.
.PHONY: run test test-ci test-long containers debian bench soak screenshots backup restore messages

run: .venv/with-demo
	@exec .venv/bin/python -m petition_site.local.run

test: .venv/with-dev
	@exec .venv/bin/python -m pytest

# What takes minutes each and is still run by .ci/run: noise, a scanner, and what else has the marker.
test-ci: .venv/with-dev
	@exec .venv/bin/python -m pytest -m ci

# What takes minutes: millions of rows, long fuzzing, soak.
test-long: .venv/with-dev
	@exec .venv/bin/python -m pytest -m long

# Builds the image and runs what docker-compose.yml says, for real, where Docker is: signs, confirms, tears down.
containers: .venv/with-dev
	@exec .venv/bin/python -m pytest -n 0 -m long tests/containers

# Follows docs/deploy.md on a new Debian without containers, for real, as root and where debootstrap is.
# DEBIAN_SUITE=trixie takes another one; DEBIAN_BASE=bookworm.tar what debootstrap made before, packed by tar.
debian: .venv/with-dev
	@exec .venv/bin/python -m pytest -n 0 -m long tests/debian

# What is a matter of speed: run it on a machine that does nothing else. It needs wrk, nginx and Postfix's smtp-sink.
# make bench ONLY="pages signing" measures these parts; make bench SIGNATURES=10000000 compares with so many.
bench: .venv/with-dev
	@ONLY="$(ONLY)" SIGNATURES="$(SIGNATURES)" .venv/bin/python -m tests.bench
	@exec .venv/bin/python -m pytest -n 0 -m bench

# Half of what the machine bears, for so long: nothing is lost, and no process grows.
soak: .venv/with-dev
	@MINUTES="$(MINUTES)" exec .venv/bin/python -m tests.bench.soak

# The pictures of docs/staff/, of a site with invented people: those whose page says something else by now, or ALL=1.
screenshots: .venv/with-dev
	@ALL="$(ALL)" exec .venv/bin/python -m tests.browser.guides

# A backup of the site that runs in this clone, or of the one that the environment names; docs/backup.md says more.
backup: .venv/with-demo
	@exec .venv/bin/python manage.py backup

# make restore FILE=.local/backups/backup-….age, into the database of DATABASE_URL, which must be empty.
restore: .venv/with-demo
	@exec .venv/bin/python manage.py restore "$(FILE)" --identity "$(or $(IDENTITY),.local/backup-key.txt)"

# Gathers new messages into locale/ (needs gettext); a new language starts with its empty directory there.
messages: .venv/with-dev
	@.venv/bin/python -m django makemessages --all --no-obsolete --no-wrap --no-location --ignore '.*' --ignore tests

# The virtual environment, made again where its Python is gone, and in it the packages that uv.lock names.

ifneq ($(shell test -x .venv/bin/python && .venv/bin/python -c 'import uv' 2>&1 && echo works),works)
.PHONY: .venv/with-uv
endif

# A user without a home of its own has nowhere to keep a cache.
ifneq ($(shell cache="$${XDG_CACHE_HOME:-$${HOME:-/nonexistent}/.cache}"; mkdir -p "$$cache" 2>&1; test -w "$$cache" && echo yes),yes)
export PIP_NO_CACHE_DIR = 1
ifndef UV_CACHE_DIR
export UV_NO_CACHE = 1
endif
endif

# A name in PATH may be an empty shim, and Debian's own Python may lack venv: each is tried, the newest first.
.venv/with-uv:
	@for minor in 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 ''; do \
		python=python3$${minor:+.$$minor}; \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making .venv with $$python"; \
			$$python -m venv --clear .venv && \
			.venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<1' && \
			touch $@; exit; \
		fi; \
	done; \
	echo "Python 3.11 or later with venv is needed: https://www.python.org/downloads/, or apt install python3-venv" >&2; exit 1

# Into this environment and no other that may be active, and by its own Python.
sync = @echo "Installing the packages"; unset VIRTUAL_ENV; UV_PROJECT_ENVIRONMENT=.venv \
	.venv/bin/python -m uv sync --quiet --frozen --inexact --no-install-project --no-default-groups \
	--python .venv/bin/python --no-python-downloads

.venv/with-demo: .venv/with-uv uv.lock pyproject.toml
	$(sync) --group demo
	@touch $@

.venv/with-dev: .venv/with-uv uv.lock pyproject.toml
	$(sync) --group demo --group dev
	@touch $@ .venv/with-demo
