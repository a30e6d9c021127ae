# The recipes of Vestnik; `./just` lists them. Everything they need is in .venv, which ./just makes.

set positional-arguments

# what drives the core in simulations; its model of storage is measured with the core
export SIMULATOR := "*/simulation/__main__.py,*/simulation/checkers.py,*/simulation/database.py,*/simulation/device.py,*/simulation/network.py,*/simulation/options.py,*/simulation/report.py,*/simulation/run.py,*/simulation/scheduler.py,*/simulation/server.py,*/simulation/trace.py,*/simulation/world.py"

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

# list the recipes
default:
    @{{ just_executable() }} --justfile {{ justfile() }} --list --unsorted

# make .venv with the locked dependencies (every other recipe does it too)
setup:
    @echo "Everything is installed. Next: ./just run"

# start the server on http://127.0.0.1:8000/ (data in ./var); e.g. ./just run --port 8080
run *options:
    @vestnik serve "$@"

# three people chat over real sockets while links are cut
demo:
    @vestnik demo

# a bot that answers everything, for one person alone; e.g. ./just echo --url http://127.0.0.1:8080
echo *options:
    @python -m client.examples.echo_bot "$@"

# everything that must hold: style, types, architecture, all tests; e.g. ./just test -k demo
test *options: prepare lint types coverage
    pytest -n 2 "$@"

# install the servers the tests talk to, where that is possible
[private]
prepare:
    @sh tests/prepare.sh

# style and architecture
lint:
    ruff check -q .
    ruff format -q --check .
    lint-imports --no-logo

# put the code into its one form
fmt:
    ruff check -q --fix .
    ruff format -q .

# static types, strictly
types:
    mypy

# every branch of the core is taken by a test of the core
coverage:
    coverage run --source chatproto --omit "$SIMULATOR" -m pytest -q --no-header tests/unit tests/scenarios tests/vectors >.coverage-output || { cat .coverage-output; exit 1; }
    coverage run --source chatproto --omit "$SIMULATOR" -a -m pytest -q --no-header tests/storage -k model >.coverage-output || { cat .coverage-output; exit 1; }
    coverage report --omit "$SIMULATOR" --fail-under=100

# many worlds in which everything fails; e.g. ./just simulate --seeds 0..20000 --jobs 2, or --seed 7
simulate *options:
    @python -m chatproto.simulation "$@"

# plant bugs in copies of the core, and see that the simulation and the vectors catch each
mutants *names:
    @python -m tests.simulation.mutants "$@"

# a room of 100 people: loss and latency; e.g. ./just bench --seconds 10
bench *options:
    python -m tests.bench.room "$@"

# write what is made from the code: docs/states.md
docs:
    python docs/generate.py
