# shellcheck shell=bash
# The set-up that script/start, script/test and the others share. Source it, then call: set_up "$@"
#
# It needs Python 3.11 to 3.14, git and, the first time, the network: no root, no pip, no ensurepip, no pipenv.
# It leaves the packages of the lock in .venv, a pipenv that works, its path in ATELIER_PIPENV, and these variables:
#   ROOT  the workshop's folder      VENV  its virtual environment
# When there is nothing to do, it does nothing that takes time: no Python but the one of .venv, no pipenv.
# It is written for bash 3.2, which macOS has.

set -euo pipefail
unset CDPATH

ROOT=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
# shellcheck source=script/messages.sh
. "$ROOT/script/messages.sh"

# The oldest pipenv that takes a lock that names no package index, as ours do (2026.6.2 stops with a TypeError).
OLDEST_PIPENV=2026.7.0
# What .venv was made from; there from the end of a set-up that went well to the start of the next one.
STAMP=$VENV/.set-up
# Which pipenv was found the last time: what `pipenv` was in the terminal, and the one that serves.
FOUND_PIPENV=$VENV/.set-up-pipenv
# How long to wait for another set-up of the same folder, in seconds.
PATIENCE=${ATELIER_PATIENCE:-1200}

LOCKS=()
LOG=''
PYTHON=''
ATELIER_PIPENV=''

# set_up [ARGUMENT...]: the whole set-up. The arguments are the script's own: only --lang is looked at.
# shellcheck disable=SC2120
set_up() {
    prepare "$@"
    git --version >/dev/null 2>&1 || stop no_git
    if ! packages_ready || ! pipenv_known; then
        begin_work
        take_lock "$ROOT/.venv.lock"
        pipenv_known || choose_pipenv # another set-up may have done it while this one waited
        packages_ready || make_packages
        link_pipenv
        printf '%s\n' "$(type -P pipenv || true)" "$ATELIER_PIPENV" >"$FOUND_PIPENV"
        end_work
    fi
    if [ -z "${CI:-}" ]; then # nobody types anything there
        hint_path
        [ -z "$OTHER_ENVIRONMENT" ] || say active_environment "$OTHER_ENVIRONMENT"
    fi
    export ATELIER_PIPENV
}

# prepare [ARGUMENT...]: the language, a clean environment, and where our own copy of pipenv is (in DATA).
prepare() {
    language "$@"
    clean_environment
    case ${XDG_DATA_HOME:-} in
        /*) DATA=$XDG_DATA_HOME/atelier ;;
        *) DATA=${HOME:-$(cd ~ && pwd)}/.local/share/atelier ;;
    esac
}

# begin_work, end_work: between them there is a log, and neither Ctrl-C nor an error leaves a lock behind.
begin_work() {
    exec 3>&2 # a trap may run while a phase sends its errors to the log
    trap 'clear_work' EXIT
    trap 'interrupted' INT TERM HUP
    LOG=$(mktemp "${TMPDIR:-/tmp}/atelier-set-up.XXXXXX") || stop cannot_write "${TMPDIR:-/tmp}"
}

end_work() {
    clear_work
    trap - EXIT INT TERM HUP
    exec 3>&-
}

# --- The environment -------------------------------------------------------------------------------------------------

# An active virtual environment, and settings made for other work, would send packages elsewhere or hide ours.
# The settings of the network (proxy, mirror, certificate, cache) stay.
clean_environment() {
    local name path=''
    OTHER_ENVIRONMENT=''
    if [ -n "${VIRTUAL_ENV:-}" ]; then
        if [ "$VIRTUAL_ENV" != "$VENV" ]; then
            OTHER_ENVIRONMENT=$VIRTUAL_ENV
        fi
        path=:$PATH:
        while [[ $path == *":$VIRTUAL_ENV/bin:"* ]]; do
            path=${path%%":$VIRTUAL_ENV/bin:"*}:${path#*":$VIRTUAL_ENV/bin:"}
        done
        path=${path#:}
        PATH=${path%:}
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT __PYVENV_LAUNCHER__
    unset PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONUSERBASE PYTHONINSPECT PYTHONPLATLIBDIR PYTHONEXECUTABLE
    unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_REQUIRE_VIRTUALENV PIP_NO_DEPS PIP_DRY_RUN
    unset PIP_CONSTRAINT PIP_BUILD_CONSTRAINT PIP_REQUIRE_HASHES PIP_NO_BUILD_ISOLATION PIP_QUIET PIP_REPORT
    for name in "${!PIPENV_@}"; do
        case $name in
            PIPENV_PYPI_MIRROR | PIPENV_CACHE_DIR | PIPENV_*TIMEOUT* | PIPENV_MAX_RETRIES | PIPENV_KEYRING_PROVIDER) ;;
            *) unset "$name" ;;
        esac
    done
    hash -r
}

# find_python: sets PYTHON to a Python of the right version that has what we need, or stops.
find_python() {
    local name path answer seen='' EN FR
    for name in ${ATELIER_PYTHON:+"$ATELIER_PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        path=$(type -P "$name") || continue
        # Without Apple's tools this name is only a window that proposes to install them.
        if [ "$path" = /usr/bin/python3 ] && [ "$(uname -s)" = Darwin ] && ! xcode-select -p >/dev/null 2>&1; then
            continue
        fi
        if answer=$(cd "$ROOT" && "$path" -I -c "$ASK_PYTHON" 2>/dev/null); then
            PYTHON=$answer
            return
        fi
        EN='' FR=''
        text_of seen_python
        [ "$SPEAKS" = fr ] && EN=$FR
        # shellcheck disable=SC2059
        seen=$seen$(printf "$EN" "$path" "${answer:-?}")
    done
    stop no_python "$seen" "$0"
}

# Asked of a Python, which may be an old one: what it is (0), or why it will not do (1).
ASK_PYTHON='
import sys
version = "%d.%d.%d" % tuple(sys.version_info[:3])
if not (3, 11) <= tuple(sys.version_info[:2]) <= (3, 14):
    print(version)
    sys.exit(1)
if sys.implementation.name != "cpython":
    print(version + ", " + sys.implementation.name)
    sys.exit(1)
for name in ("sqlite3", "ssl", "venv", "zlib"):
    try:
        __import__(name)
    except ImportError:
        print(version + ", no " + name)
        sys.exit(1)
print(sys.executable)
'

# --- pipenv ----------------------------------------------------------------------------------------------------------

# pipenv_known: true when the pipenv of the last time still stands as it did. It is not run: that takes 0.3 s.
pipenv_known() {
    local in_terminal='' serves=''
    { IFS= read -r in_terminal && IFS= read -r serves; } 2>/dev/null <"$FOUND_PIPENV" || return 1
    [ "$(type -P pipenv || true)" = "$in_terminal" ] && [ -x "$serves" ] || return 1
    # Ours goes with the Python that it was made from.
    [ "$serves" != "$DATA/bin/pipenv" ] || [ -x "$DATA/pipenv/bin/python" ] || return 1
    ATELIER_PIPENV=$serves
}

# choose_pipenv: sets ATELIER_PIPENV to the terminal's own pipenv when it is new enough, else to our copy.
choose_pipenv() {
    local path
    path=$(type -P pipenv || true)
    if [ -n "$path" ] && pipenv_serves "$path" "$OLDEST_PIPENV"; then
        ATELIER_PIPENV=$path
    else
        own_pipenv
    fi
}

# own_pipenv [VERSION]: sets ATELIER_PIPENV to our copy, which it makes when it is missing, older than this, or broken.
# shellcheck disable=SC2120
own_pipenv() {
    local oldest=${1:-$OLDEST_PIPENV}
    ATELIER_PIPENV=$DATA/bin/pipenv
    if ! pipenv_serves "$ATELIER_PIPENV" "$oldest"; then
        mkdir -p "$DATA/bin" 2>/dev/null || stop cannot_write "$DATA"
        take_lock "$DATA/pipenv.lock" # another copy of the workshop may be making it
        if ! pipenv_serves "$ATELIER_PIPENV" "$oldest"; then
            [ -n "$PYTHON" ] || find_python
            phase making_pipenv make_pipenv || explain
        fi
    fi
}

# pipenv_serves PATH OLDEST: true when this pipenv runs and is new enough.
pipenv_serves() {
    local said
    [ -x "$1" ] && said=$(cd "$ROOT" && "$1" --version 2>/dev/null </dev/null) || return 1
    [[ $said =~ ([0-9]+)\.([0-9]+)\.([0-9]+) ]] || return 1
    at_least "${BASH_REMATCH[0]}" "$2"
}

# at_least VERSION FLOOR: compares two versions of three numbers.
at_least() {
    local a b
    IFS=. read -r -a a <<<"$1"
    IFS=. read -r -a b <<<"$2"
    (((10#${a[0]} * 1000 + 10#${a[1]}) * 1000 + 10#${a[2]} >= (10#${b[0]} * 1000 + 10#${b[1]}) * 1000 + 10#${b[2]}))
}

# make_pipenv: our own copy, in an environment of its own, so that a Python "managed externally" is left alone. pip comes
# with the workshop: a system's Python may have neither pip nor ensurepip. The link is made last: it says "complete".
make_pipenv() {
    local wheel
    wheel=$(echo "$ROOT"/script/vendor/pip-*.whl)
    rm -rf "$DATA/bin/pipenv" "$DATA/pipenv" &&
        "$PYTHON" -m venv --without-pip "$DATA/pipenv" &&
        PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$DATA/pipenv/bin/python" "$wheel/pip" install \
            --no-input --no-compile --only-binary :all: --no-deps --require-hashes -r "$ROOT/script/vendor/pipenv.txt" &&
        env -u PYTHONDONTWRITEBYTECODE "$DATA/pipenv/bin/pipenv" --version && # compiles it: else each call takes 2 s
        ln -s ../pipenv/bin/pipenv "$DATA/bin/pipenv"
}

# link_pipenv: the learner types `pipenv` later. When ours serves, put it where a terminal looks, if the place is free.
link_pipenv() {
    local link=${HOME:-}/.local/bin/pipenv
    if [ "$ATELIER_PIPENV" != "$DATA/bin/pipenv" ] || [ -z "${HOME:-}" ]; then
        return 0
    fi
    if [ ! -e "$link" ] && { [ ! -L "$link" ] || [ "$(readlink "$link")" = "$DATA/bin/pipenv" ]; }; then
        { mkdir -p "${link%/*}" && ln -sf "$DATA/bin/pipenv" "$link"; } 2>/dev/null || true
    fi
    hash -r
}

# hint_path: says what to type when `pipenv` in the terminal is not the one that serves.
hint_path() {
    local folder=$DATA/bin line file
    [ ! "$(type -P pipenv || true)" -ef "$ATELIER_PIPENV" ] || return 0
    # shellcheck disable=SC2088  # read by the learner
    case ${SHELL:-} in
        */zsh) file='~/.zshrc' ;;
        */fish) file='~/.config/fish/config.fish' ;;
        */bash) if [ "$(uname -s)" = Darwin ]; then file='~/.bash_profile'; else file='~/.bashrc'; fi ;;
        *) file='~/.profile' ;;
    esac
    if [ "${HOME:-}/.local/bin/pipenv" -ef "$ATELIER_PIPENV" ]; then
        folder=$HOME/.local/bin
    fi
    # shellcheck disable=SC2016  # typed by the learner
    case $folder in
        "${HOME:-/}"/*) line='$HOME'${folder#"$HOME"} ;;
        *) line=$folder ;;
    esac
    # shellcheck disable=SC2016
    case ${SHELL:-} in
        */fish) line="fish_add_path --path --move \"$line\"" ;;
        *) line="export PATH=\"$line:\$PATH\"" ;;
    esac
    say path_hint "$file" "$line"
}

# --- The packages ----------------------------------------------------------------------------------------------------

# packages_ready: true when .venv was made here, by its Python, from this lock.
packages_ready() {
    [ -f "$STAMP" ] && [ -x "$VENV/bin/atelier" ] && stamp 2>/dev/null | cmp -s - "$STAMP"
}

# stamp: what .venv depends on. Its first two lines say where it is and which Python runs it: when these change, it must
# be made anew; when the rest does, packages are added or changed.
stamp() {
    printf '%s\n' "$ROOT" &&
        "$VENV/bin/python" -I -S -c 'import sys; print(sys.base_prefix, sys.version.replace("\n", ""))' &&
        cat "$ROOT/Pipfile.lock" "$ROOT/pyproject.toml"
}

make_packages() {
    if [ -f "$STAMP" ] && [ "$(stamp 2>/dev/null | head -n 2)" = "$(head -n 2 "$STAMP")" ]; then
        rm -f "$STAMP" # should this be stopped in the middle, the next one starts from nothing
        phase updating_packages install_packages "$VENV/bin/python" || explain
    else
        [ -n "$PYTHON" ] || find_python
        rm -rf "$VENV" 2>/dev/null || stop cannot_write "$ROOT"
        phase making_packages install_packages "$PYTHON" || explain
    fi
    stamp >"$VENV/.set-up-new" && mv "$VENV/.set-up-new" "$STAMP"
}

# install_packages PYTHON: brings .venv to what the lock says, with this Python. pip would compile what it installs file
# by file: all cores do it afterwards, in half of the time. A file that is no module, a template say, is left as it is.
install_packages() {
    (cd "$ROOT" && PIP_USER=0 PIP_COMPILE=0 PIPENV_VENV_IN_PROJECT=1 PIPENV_IGNORE_VIRTUALENVS=1 PIPENV_NOSPIN=1 \
        "$ATELIER_PIPENV" sync --dev --python "$1") &&
        [ -x "$VENV/bin/atelier" ] &&
        { "$VENV/bin/python" -I -m compileall -q -j 0 -x /site-packages/pip/ "$VENV/lib" || true; }
}

# --- Phases, locks, and what goes wrong ------------------------------------------------------------------------------

# phase KEY COMMAND...: one line that says what is done, and how long it took. What the command prints goes to the log.
phase() {
    local key=$1 start=$SECONDS
    shift
    say_part "$key"
    printf '\n== %s\n' "$*" >>"$LOG"
    if "$@" >>"$LOG" 2>&1 </dev/null; then
        say took "$((SECONDS - start))"
    else
        printf '\n' >&2
        return 1
    fi
}

# take_lock FOLDER: waits until nobody else holds it. Making a folder is the one thing that two cannot both do.
take_lock() {
    local lock=$1 owner='' told='' refused=0 start=$SECONDS
    until mkdir "$lock" 2>/dev/null; do
        if [ ! -d "$lock" ]; then # gone in between, or not to be made at all
            refused=$((refused + 1))
            [ "$refused" -lt 5 ] || stop cannot_write "${lock%/*}"
            continue
        fi
        refused=0
        owner=$(cat "$lock/owner" 2>/dev/null || true)
        if lock_abandoned "$lock" "$owner"; then
            # Only one may clear it away, and only if it is still the same one.
            if mkdir "$lock.clear" 2>/dev/null; then
                if [ "$(cat "$lock/owner" 2>/dev/null || true)" = "$owner" ]; then
                    rm -rf "$lock"
                fi
                rmdir "$lock.clear"
            elif [ -n "$(find "$lock.clear" -prune -mmin +1 2>/dev/null || true)" ]; then
                rmdir "$lock.clear" 2>/dev/null || true
            fi
            continue
        fi
        if [ -z "$told" ] && [ -n "$owner" ]; then
            say waiting "${owner%% *}"
            told=1
        fi
        [ "$((SECONDS - start))" -lt "$PATIENCE" ] || stop lock_kept "${owner%% *}" "$lock"
        sleep 0.2
    done
    LOCKS+=("$lock")
    printf '%s %s\n' "$$" "$(uname -n)" >"$lock/owner"
}

# lock_abandoned FOLDER OWNER: true when the process that took it is no more, or never wrote its name.
lock_abandoned() {
    local pid=${2%% *}
    if [ -z "$pid" ]; then
        [ -n "$(find "$1" -prune -mmin +1 2>/dev/null || true)" ]
        return
    fi
    [ "${2#* }" = "$(uname -n)" ] && ! kill -0 "$pid" 2>/dev/null && [ ! -d "/proc/$pid" ] && ! ps -p "$pid" >/dev/null 2>&1
}

# clear_work: leaves no lock, and no log unless something went wrong (`explain` keeps it).
clear_work() {
    local lock
    for lock in ${LOCKS[@]+"${LOCKS[@]}"}; do
        rm -rf "$lock"
    done
    LOCKS=()
    [ -z "$LOG" ] || rm -f "$LOG"
    LOG=''
}

interrupted() {
    trap - INT TERM HUP
    exec 2>&3
    printf '\n' >&2
    say interrupted
    exit 130
}

# stop KEY [ARGUMENT...]: says it, and ends.
stop() {
    say "$@"
    exit 1
}

# explain: reads in the log why a phase stopped, says what to do, names the log, and ends.
explain() {
    local log=$LOG proxy=${HTTPS_PROXY:-${https_proxy:-${ALL_PROXY:-${all_proxy:-}}}} text
    LOG=''
    text=$(LC_ALL=C tr '\n' ' ' <"$log" | LC_ALL=C tr -s ' ') # bytes: a log may hold any
    if disk_full "$ROOT" || disk_full "$DATA" || [[ $text == *'No space left on device'* || $text == *'Disk quota exceeded'* ]]; then
        say stopped_disk
    elif [[ $text == *'DO NOT MATCH THE HASHES'* ]]; then
        say stopped_hashes
    elif [[ $text == *CERTIFICATE_VERIFY_FAILED* || $text == *SSLCertVerificationError* ]]; then
        say stopped_certificate
    elif [[ $text == *ProxyError* || $text == *'Tunnel connection failed'* || $text == *'407 Proxy'* ]] ||
        { [ -n "$proxy" ] && network_error "$text"; }; then
        say stopped_proxy "$(printf '%s' "${proxy:-?}" | sed 's|//[^/@]*@|//…@|')" # without its password
    elif network_error "$text"; then
        say stopped_network
    elif [[ $text == *'Permission denied'* || $text == *'Read-only file system'* ]]; then
        say stopped_rights
    else
        say stopped "$(tail -n 8 "$log" | LC_ALL=C sed 's/^/    /')"
    fi
    say log_kept "$log"
    exit 1
}

network_error() {
    [[ $1 == *NameResolutionError* || $1 == *NewConnectionError* || $1 == *ConnectTimeout* || $1 == *ReadTimeout* ||
        $1 == *'Network is unreachable'* || $1 == *'Read timed out'* || $1 == *'connection broken by'* ||
        $1 == *ConnectionResetError* || $1 == *'Max retries exceeded'* || $1 == *ConnectionError* ]]
}

# disk_full FOLDER: less than 20 MB is left there.
disk_full() {
    local left
    left=$(df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print $4 }') || return 1
    [[ $left =~ ^[0-9]+$ ]] && [ "$left" -lt 20480 ]
}
