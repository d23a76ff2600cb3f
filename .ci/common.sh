# shellcheck shell=bash
# Shared by reproduce.sh, test.sh and .ci/run: installing what is missing, finding a Python with matplotlib.
# Sourced, not run; expects the repository root as working directory.

# Objects may be taken from the cache under another checkout's path: the scratch build of the tests does.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

say() { printf '\n== %s\n' "$*"; }

# install_packages run|test: installs what packages.txt names and dpkg does not know; for `run` without the
# test-only ones.
install_packages() {
  local wanted missing=() name runner=()
  if [ "$1" = test ]; then
    wanted=$(sed -n 's/^\([a-z0-9][^ #]*\).*/\1/p' packages.txt)
  else
    wanted=$(sed -n '/#test/d; s/^\([a-z0-9][^ #]*\).*/\1/p' packages.txt)
  fi
  for name in $wanted; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing with apt-get: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "these packages are missing and neither root nor sudo is at hand; install them, then run again:" >&2
      echo "  apt-get install ${missing[*]}" >&2
      return 2
    }
    runner=(sudo)
  fi
  "${runner[@]}" apt-get update -qq
  "${runner[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# find_python MODULE...: prints the first interpreter that can import them all.
find_python() {
  local candidate imports
  imports=$(printf 'import %s;' "$@")
  for candidate in "${HEADCOUNT_PYTHON:-}" /usr/bin/python3 python3; do
    [ -n "$candidate" ] && "$candidate" -c "$imports" 2>/dev/null && { echo "$candidate"; return 0; }
  done
  echo "no python3 imports $*; install the packages of packages.txt or set HEADCOUNT_PYTHON" >&2
  return 2
}

# build PRESET [TARGET...]: configures when needed and builds.
build() {
  local preset=$1
  shift
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" --parallel "$(nproc)" ${1:+--target "$@"}
}
