# shellcheck shell=bash
# Sourced by run and test: a .venv that fits pyproject.toml, and the system libraries that are missing.
# Nothing here changes what is already right, so a second time costs a few hundredths of a second.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
PATH=$PATH:/usr/sbin:/sbin # ldconfig, for users who are not root

say() { printf '%s\n' "$@" >&2; }
stop() { say "$@" && exit 1; }

# --- system packages, as package:what-shows-it-is-there (a shared library or a program) ---

# shellcheck disable=SC2034 # used by the scripts that source this
bluetooth_needs=libdbus-1-3:libdbus-1.so.3
window_needs="$bluetooth_needs libegl1:libEGL.so.1 libgl1:libGL.so.1 libglib2.0-0:libglib-2.0.so.0
  libfontconfig1:libfontconfig.so.1 libxkbcommon0:libxkbcommon.so.0 libxkbcommon-x11-0:libxkbcommon-x11.so.0
  libxcb-cursor0:libxcb-cursor.so.0 libxcb-icccm4:libxcb-icccm.so.4 libxcb-keysyms1:libxcb-keysyms.so.1
  libxcb-image0:libxcb-image.so.0 libxcb-render-util0:libxcb-render-util.so.0 libxcb-shape0:libxcb-shape.so.0
  fonts-dejavu-core:/usr/share/fonts"
# shellcheck disable=SC2034
test_needs="$window_needs dbus:dbus-daemon xvfb:Xvfb pulseaudio:pulseaudio pulseaudio-utils:parec iproute2:ip
  espeak-ng:espeak-ng   xauth:xauth at-spi2-core:/usr/libexec/at-spi2-registryd python3-gi:/usr/lib/python3/dist-packages/gi"

is_there() {
  case $1 in
  /*) [ -n "$(ls -A "$1" 2>/dev/null)" ] ;;
  *.so.*) [[ $libraries == *"$1 "* ]] ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

missing_packages() {
  local need libraries
  libraries=$(ldconfig -p)
  for need in "$@"; do
    is_there "${need#*:}" || printf '%s ' "${need%%:*}"
  done
}

# The prefix with which apt may be used here, or failure: as root, or by sudo where it asks nothing.
apt_rights() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] && return
  sudo -n true 2>/dev/null && printf 'sudo'
}

# apt_install WHY PACKAGE...
apt_install() {
  local why=$1 sudo
  shift
  sudo=$(apt_rights) || stop "$why. Type this, then start again:" "  sudo apt-get install -y $*"
  say "$why: installing $* ..."
  $sudo apt-get update -qq >/dev/null || true # an old list may still do
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    stop "apt could not install them. Type this to see why, then start again:" "  sudo apt-get install -y $*"
}

# need_packages PACKAGE:SIGN...
need_packages() {
  local missing
  command -v ldconfig >/dev/null || return 0 # not Linux with glibc: Qt's wheel brings all it needs
  missing=$(missing_packages "$@")
  # shellcheck disable=SC2086 # names without spaces
  [ -z "$missing" ] || apt_install "System packages are missing" $missing
}

# --- the virtual environment ---

find_python() {
  local python
  for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$python" && return
  done
  return 1
}

make_venv() {
  local python
  rm -rf "$venv"
  if command -v uv >/dev/null; then
    uv venv --quiet --python '>=3.11' "$venv"
    return
  fi
  python=$(find_python) || stop "Python 3.11 or newer is needed. On Debian 12, Ubuntu 24.04 or newer, type:" \
    "  sudo apt-get install -y python3 python3-venv"
  "$python" -c 'import ensurepip' 2>/dev/null || apt_install "Python's venv is missing" python3-venv
  "$python" -m venv "$venv"
}

# True when .venv runs and holds this very checkout (not one it was copied from, nor another Python's).
venv_fits() {
  [ -x "$venv/bin/python" ] &&
    "$venv/bin/python" -P -c 'import sys, neurofeedback as n; sys.exit(n.__path__[0] != sys.argv[1])' \
      "$root/neurofeedback" 2>/dev/null
}

run_pip() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

# Print the path of uv: this machine's, or one that pip puts into .venv by the lock, since uv takes a fifth of pip's time.
find_uv() {
  local locked=$venv/uv.lock
  command -v uv && return
  if [ ! -x "$venv/bin/uv" ] && [ ! -e "$locked" ] && [ -e "$root/requirements-dev.lock" ]; then # tried once
    awk '/^uv==/ { found = 1 } found { print } found && !/\\$/ { exit }' "$root/requirements-dev.lock" >"$locked"
    run_pip --require-hashes --requirement "$locked" >/dev/null 2>&1
  fi
  [ -x "$venv/bin/uv" ] && printf '%s\n' "$venv/bin/uv"
}

# pip_install ARGUMENTS...: with uv, and with pip where uv fails, since pip may have an index in its own settings
pip_install() {
  local uv
  uv=$(find_uv) && "$uv" pip install --quiet --python "$venv/bin/python" "$@" && return
  [ -x "$venv/bin/pip" ] && run_pip "$@" # a .venv made by uv has none
}

# What need_python installs from: a changed pyproject.toml, version or lock is installed again; there may be no lock.
sources() { cat "$root"/{pyproject.toml,neurofeedback/_version.py,requirements*.lock} 2>/dev/null || true; }

# True when the lock's header names the version of .venv's Python.
lock_fits() {
  local version
  [ -e "$1" ] || return 1
  version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  [[ " $(sed -n 's/^# Python //p' "$1") " == *" $version "* ]] && return
  say "${1##*/} is not for Python $version: installing the newest packages that pyproject.toml permits."
  return 1
}

# install_locked FILE: the packages of a lock, each only with a hash that stands there, then the checkout. Fails where
# the lock does not fit; stops where a package is not the one that was locked.
install_locked() {
  local log=$venv/install.log
  lock_fits "$1" || return 1
  if pip_install --require-hashes --requirement "$1" 2>"$log"; then
    pip_install --no-deps --editable "$root"
    return
  fi
  cat "$log" >&2
  ! grep -qiE 'do not match the hashes|hash mismatch' "$log" ||
    stop "A package is not the one that ${1##*/} names. If you trust the source, type this to install without the lock:" \
      "  NEUROFEEDBACK_UNLOCKED=1 $0"
  say "${1##*/} could not be installed here: installing the newest packages that pyproject.toml permits."
  return 1
}

# install_unlocked EXTRAS [GROUP]: the newest packages that pyproject.toml permits, and the checkout.
install_unlocked() {
  # Debian 12's pip does not know dependency groups
  [ -z "${2:-}" ] || [ ! -x "$venv/bin/pip" ] || run_pip --upgrade 'pip>=25.1' || find_uv >/dev/null || return 1
  pip_install --editable "${root}[$1]" ${2:+--group "$root/pyproject.toml:$2"}
}

# install_without_lsl EXTRAS [GROUP]: as install_unlocked, for a system that mne-lsl has no wheel for.
install_without_lsl() {
  say "That did not work. Trying once more without mne-lsl ..."
  install_unlocked "${1/,lsl/}" "${@:2}" || return 1
  say "Installed without mne-lsl: devices named lsl:NAME and the option --lsl-out are missing."
}

# need_python app|dev: the package, editable, so that the checkout's configs/ are used; dev adds the tools and what big
# studies use. Versions are those of the lock (scripts/lock), unless NEUROFEEDBACK_UNLOCKED is set.
# A copy of pyproject.toml and the locks marks what is installed. Fails where it cannot be installed, also without set -e.
need_python() {
  local lock=$root/requirements.lock extras=emulators,lsl,osc group=
  venv_fits && cmp -s <(sources) "$venv/installed-$1.toml" && return
  venv_fits || make_venv || return 1
  say "Installing into $venv (a few minutes the first time) ..."
  if [ "$1" = dev ]; then
    lock=$root/requirements-dev.lock extras+=,cluster,parquet group=dev
  fi
  if [ -n "${NEUROFEEDBACK_UNLOCKED:-}" ] || ! install_locked "$lock"; then
    install_unlocked "$extras" $group || install_without_lsl "$extras" $group || return 1
  fi
  sources >"$venv/installed-app.toml" || return 1
  [ "$1" = app ] || sources >"$venv/installed-dev.toml"
}
