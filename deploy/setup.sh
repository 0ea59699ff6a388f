#!/bin/sh
# Makes .venv with the locked packages and this repository's own members. Called by `make setup`.
# usage: setup.sh PYTHON MEMBER...
set -eu
python=$1
shift

explain() { # what, why, fix
    printf 'what: %s\nwhy:  %s\nfix:  %s\n' "$1" "$2" "$3" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    explain "there is no $python" "Upstream is written in Python" "install Python 3.11 or newer, or name it: make setup PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    explain "$python is too old: $("$python" -V 2>&1)" "Upstream needs Python 3.11 or newer" "make setup PYTHON=python3.12, or whatever newer one is here"

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    echo "· making .venv with $("$python" -V 2>&1)"
    "$python" -m venv --clear .venv ||
        explain "a virtual environment cannot be made" "$python has no working venv module" "on Debian or Ubuntu: apt-get install python3-venv"
fi
echo "· installing the locked packages (the first time takes about half a minute)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock ||
    explain "the locked packages cannot be installed" "pip said so above" "check the network and the proxy, then run the command again"
for member in "$@"; do
    set -- "$@" -e "$member"
    shift
done
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$@" ||
    explain "this repository's own packages cannot be installed" "pip said so above" "rm -rf .venv, then run the command again"
