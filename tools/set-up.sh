#!/bin/sh
# Make .venv hold what a lock lists, and paredown itself from this checkout.
#
#     tools/set-up.sh run     what paredown needs to run
#     tools/set-up.sh dev     that, and what its tests and checks need; a Chromium too, where apt-get may install one
#
# PYTHON=... chooses the interpreter; otherwise the .venv that is there stays, or the first one is made with python3 or,
# where that is too old, with a newer one beside it. A second call with nothing changed ends at once.

set -eu
cd "$(dirname "$0")/.."

need=$1
lock=locks/$need.txt
stamp=.venv/.set-up-$need

say() { echo "set-up: $*" >&2; }
fail() {
    echo "error: $1" >&2
    [ $# -lt 2 ] || echo " hint: $2" >&2
    exit 2
}

# What a finished set-up depends on. A lock for development holds everything that running needs.
inputs() { cat pyproject.toml "locks/$1.txt" tools/set-up.sh | cksum; }
is_done() { [ -f ".venv/.set-up-$1" ] && [ "$(inputs "$1")" = "$(cat ".venv/.set-up-$1")" ]; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
identity() { "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null; }
version() { "$1" --version 2>/dev/null || echo "no working Python"; }

# A copied or moved folder leaves scripts that start another folder's Python, and an upgraded system none at all.
is_usable() {
    [ "$(cat .venv/.made-in 2>/dev/null)" = "$(pwd -P)" ] || return 1
    is_new_enough .venv/bin/python || return 1
    [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON")" = "$(identity .venv/bin/python)" ]
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON: there is no such program"
        is_new_enough "$PYTHON" ||
            fail "PYTHON=$PYTHON is $(version "$PYTHON"); paredown needs Python 3.11 or newer"
        python=$PYTHON
        return
    fi
    for python in python3 python3.13 python3.12 python3.11; do
        if is_new_enough "$python"; then return; fi
    done
    fail "paredown needs Python 3.11 or newer; python3 is $(version python3)" "install one, or name it: make PYTHON=/path/to/python3.11"
}

# Python's own venv first. Debian splits what it needs into a package of its own, so there are other ways.
make_venv() {
    says=$(mktemp)
    trap 'rm -f "$says"' EXIT
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    try "$python" -m venv .venv && return
    try "$python" -m virtualenv --quiet .venv && return
    try uv venv --quiet --seed --python "$(command -v "$python")" .venv && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing the Debian package $package, without which Python makes no virtual environment"
        { apt-get -q update && apt_install "$package"; } >>"$says" 2>&1 && try "$python" -m venv .venv && return
    fi
    tail -n 12 "$says" >&2
    fail "$(version "$python") cannot make a virtual environment" "on Debian or Ubuntu: apt install $package"
}

# Run one way to make .venv; when it does not end in one that has pip, leave nothing of it.
try() {
    command -v "$1" >/dev/null || return 1
    if "$@" >>"$says" 2>&1 && .venv/bin/python -m pip --version >/dev/null 2>&1; then
        pwd -P >.venv/.made-in
        return 0
    fi
    rm -rf .venv
    return 1
}

install() {
    quiet=--quiet
    if [ -t 2 ]; then quiet=; fi
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install $quiet --no-input --no-deps "$@" ||
        fail "pip could not install what $lock lists; see above" "is the network reachable? then the same command again"
}

# Pages are looked at in Chromium. Nothing else needs one, so without it the tests of pages are skipped.
install_browser() {
    for browser in chromium chromium-browser google-chrome-stable google-chrome; do
        if command -v "$browser" >/dev/null; then return; fi
    done
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "tests of pages are skipped without Chromium; on Debian or Ubuntu: apt install chromium"
        return
    fi
    say "installing the Debian package chromium, in which the tests look at pages"
    log=$(mktemp)
    if apt_install chromium >"$log" 2>&1 || { apt-get -q update && apt_install chromium; } >"$log" 2>&1; then
        rm -f "$log"
        return
    fi
    tail -n 3 "$log" >&2
    rm -f "$log"
    say "tests of pages are skipped, since apt-get could not install chromium; see above"
}
apt_install() { DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$1" </dev/null; }

if is_usable; then
    if is_done "$need" || { [ "$need" = run ] && is_done dev; }; then exit 0; fi
else
    choose_python
    say "making .venv with $(version "$python")"
    rm -rf .venv
    make_venv
fi

say "installing what $lock lists"
install --require-hashes -r "$lock"
install --no-build-isolation --editable .
[ "$need" = run ] || install_browser
inputs "$need" >"$stamp"
