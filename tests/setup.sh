# shellcheck shell=bash
# Common functions of the test scripts, which source this file from the repository's root.

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}"
mkdir -p "$CARGO_TARGET_DIR"
CARGO_TARGET_DIR="$(cd "$CARGO_TARGET_DIR" && pwd)"

heading() {
    printf '\n== %s\n' "$1"
}

fail() {
    printf '%s: %s\n' "$0" "$1" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null
}

apt_install() {
    has apt-get || fail "please install: $*"
    local as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || fail "please install as root: apt-get install $*"
        as_root=sudo
    fi
    $as_root apt-get update
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

# A virtual environment for a folder's requirements, recreated when they change.
install_python() {
    local folder="$1" venv="$CARGO_TARGET_DIR/$2"
    if ! cmp --silent "$folder/requirements.txt" "$venv/requirements.txt"; then
        python3 -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet --requirement "$folder/requirements.txt"
        cp "$folder/requirements.txt" "$venv/requirements.txt"
    fi
}

# Runs a folder's tests in its virtual environment, with additional options.
run_pytest() {
    local folder="$1" venv="$CARGO_TARGET_DIR/$2"
    (cd "$folder" && PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pytest "${@:3}")
}

# The suites that have run so far: name, seconds, outcome.
outcomes=()

passed() {
    outcomes+=("$(printf '%-12s %6s s  passed' "$1" "$2")")
}

failed() {
    outcomes+=("$(printf '%-12s %6s s  FAILED' "$1" "$2")")
}

# Runs the function `suite_<name>` and records the outcome; a failure stops nothing. The function runs in
# its own shell, because `set -e` has no effect in a function whose exit status is tested.
run_suite() {
    local name="$1" began=$SECONDS code=0
    declare -F "suite_$name" >/dev/null || fail "there is no suite $name"
    set +e
    (set -e && "suite_$name")
    code=$?
    set -e
    if [ "$code" -eq 0 ]; then
        passed "$name" $((SECONDS - began))
    else
        failed "$name" $((SECONDS - began))
    fi
}

summary() {
    printf '%s\n' "${outcomes[@]}"
}

all_passed() {
    [[ "${outcomes[*]}" != *FAILED* ]]
}
