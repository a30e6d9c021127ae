# The recipes of Vestnik; `./just` lists them. Everything they need is in .venv, which ./just makes.

set positional-arguments

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

# Where this is set, as in many containers, every program compiles all that it imports anew, which is most of its start.
export PYTHONDONTWRITEBYTECODE := ""

# where the packages are that check, test and start the desktop client; absent where there is no Node
desktop := justfile_directory() / "client/desktop"

quick-tests := "tests/unit tests/scenarios tests/vectors"

# list the recipes
default:
    @{{ just_executable() }} --justfile {{ justfile() }} --list --unsorted

# make .venv with the locked dependencies (every other recipe does it too)
setup:
    @echo "Everything is installed. Next: ./just run"

# start the server on http://127.0.0.1:8000/ (data in ./var); e.g. ./just run --port 8080
run *options:
    @vestnik serve "$@"

# the desktop client, for a server that runs here (or VESTNIK_SERVER); the first start fetches Electron
desktop *options: node-packages
    @node client/desktop/scripts/start.mjs "$@"

# what people install, for this system; e.g. ./just package deb
package *targets: node-packages
    @node client/desktop/scripts/package.mjs "$@"

# what servers install: a wheel, a source distribution, a Debian package, in ./dist
package-server *options:
    @python deploy/package_server.py "$@"

# three people chat over real sockets while links are cut
demo:
    @vestnik demo

# a bot that answers everything, for one person alone; e.g. ./just echo --url http://127.0.0.1:8080
echo *options:
    @python -m client.examples.echo_bot "$@"

# what must hold at each commit, in under a minute: style, types, architecture, and the tests that need no server
check: node-packages check-all

[private, parallel]
check-all: lint types quick

# what `check` and `coverage` do, all at once
[private, parallel]
pure: lint types worlds

# Four at once, also on two processors: most of these tests wait for browsers, servers and databases half of their time.
# everything that must hold, each test once: check, the coverage of the core, and all other tests; e.g. ./just test -k demo
test *options: prepare pure coverage
    pytest -n 4 --dist worksteal -m "not core" "$@"

# install what the tests talk to, where that is possible
[private]
prepare: node-packages
    @sh tests/prepare.sh

# install what the desktop client is checked with, where there is Node
[private]
node-packages:
    @sh client/desktop/scripts/install.sh

# style and architecture
lint: node-packages
    ruff check -q .
    ruff format -q --check .
    lint-imports --no-logo
    @[ ! -d {{ desktop }}/node_modules ] || {{ just_executable() }} lint-desktop

[private, working-directory: "client/desktop"]
lint-desktop:
    node_modules/.bin/eslint --cache --cache-location node_modules/.cache/eslint/ .
    node_modules/.bin/prettier --cache --check --log-level=warn .

# put the code into its one form
fmt: node-packages
    ruff check -q --fix .
    ruff format -q .
    @[ ! -d {{ desktop }}/node_modules ] || {{ just_executable() }} fmt-desktop

[private, working-directory: "client/desktop"]
fmt-desktop:
    node_modules/.bin/eslint --fix .
    node_modules/.bin/prettier --write --log-level=warn .

# static types, strictly
[parallel]
types: types-python types-desktop

[private]
types-python:
    mypy

[private, working-directory: "client/desktop"]
types-desktop: node-packages
    @[ ! -d node_modules ] || for part in renderer main test; do node_modules/.bin/tsc -p tsconfig.$part.json || exit; done

# every branch of the core, and of the simulation that drives it, is taken by a quick test
coverage: worlds
    coverage combine -q .coverage.quick .coverage.model .coverage.worlds
    coverage report --fail-under=100

[private, parallel]
worlds: (measured "quick" quick-tests) (measured "model" "tests/storage -m core") (measured "worlds" "tests/simulation -m core")

# the tests that need no server, silent where all is well; unmeasured they take a third of the time
[private]
quick:
    @pytest -q --no-header {{ quick-tests }} >.coverage-output.check || { cat .coverage-output.check; exit 1; }

# run tests of the core and keep which lines of it they took; silent where all is well
[private]
measured part tests:
    @coverage run --data-file=.coverage.{{ part }} --source chatproto -m pytest -q --no-header {{ tests }} \
        >.coverage-output.{{ part }} || { cat .coverage-output.{{ part }}; exit 1; }

# many worlds in which everything fails; e.g. ./just simulate --seeds 0..20000 --jobs 2, or --seed 7
simulate *options:
    @python -m chatproto.simulation "$@"

# steps a second of the simulation on one CPU
simulate-bench *options:
    @python -m tests.bench.simulation "$@"

# every order of so many steps of two clients and a server; `./just test` tries those of six
small-worlds depth="7":
    SMALL_WORLDS_DEPTH="{{ depth }}" pytest -q -n 2 --dist worksteal tests/simulation/test_small_worlds.py

# plant bugs in copies of the core, and see that the simulation and the vectors catch each
mutants *names:
    @python -m tests.simulation.mutants "$@"

# a room of 100 people: loss and latency; e.g. ./just bench --seconds 10; or another one of tests/bench: ./just bench rivals --quick
bench *what:
    @case "${1:-}" in [a-z]*) name=$1; shift;; *) name=busy_room;; esac; exec python -m "tests.bench.$name" "$@"

# raw bytes of every kind against a server of its own; e.g. ./just fuzz --connections 100000 --server nginx
fuzz *options:
    @python -m tests.bench.fuzz "$@"

# what the server's core costs a message, without storage and sockets
bench-core:
    @python -m tests.bench.core

# messages a second that a store takes, by the size of its batches; e.g. ./just bench-storage --stores sqlite --profile
bench-storage *options:
    @python -m tests.bench.storage "$@"

# the desktop client: a chat of 100,000 messages, the start, memory, a slow link, keys; e.g. ./just bench-desktop memory --minutes 30
bench-desktop *options: node-packages
    @python -m tests.bench.desktop "$@"

# write what is made from the code: docs/states.md
docs:
    python docs/write_pages.py
