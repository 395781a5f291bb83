# Shared by the scripts of this folder: where the servers are kept, and how they get there. To be sourced.
# They are kept outside of the build folders, so that `make clean` does not cost a download.
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
servers=${GF_OTLP_SERVERS:-$repository/.servers}
me=$(basename "$0")

fail() {
  echo "$me: $*" >&2
  exit 4
}

need() {
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "$program is not installed (scripts/install-deps.sh --dev installs it)"
  done
}

# install_once DIR VERSION FUNCTION: calls the function in an empty folder with a new folder as its argument, which then
# becomes DIR. Nothing is done when DIR holds that version; several at a time wait for each other.
install_once() {
  local dir=$1 version=$2 function=$3
  [ "$(cat "$dir/VERSION" 2>/dev/null)" = "$version" ] && return
  mkdir -p "$(dirname "$dir")"
  exec 9>"$dir.lock"
  flock 9
  [ "$(cat "$dir/VERSION" 2>/dev/null)" = "$version" ] && return
  scratch=$(mktemp -d "$dir.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  mkdir "$scratch/new" "$scratch/work"
  (cd "$scratch/work" && "$function" "$scratch/new") >&2
  echo "$version" >"$scratch/new/VERSION"
  rm -rf "$dir"
  mv "$scratch/new" "$dir"
}

# fetch_npm PACKAGE@VERSION MEMBER...: unpacks members of the package's archive (all below package/) into this folder.
fetch_npm() {
  local package=$1
  shift
  need npm tar
  echo "$me: fetching $package" >&2
  npm pack --silent "$package" >/dev/null || fail "npm could not fetch $package"
  tar -xzf ./*.tgz "$@"
  rm -f ./*.tgz
}

# install_go DIR MODULE@VERSION: builds a program of Go into that folder. Modules are kept where `go` keeps them.
install_go() {
  command -v go >/dev/null || fail "Go is not installed: $2 needs it (a newer one than Debian 12's)"
  echo "$me: building $2" >&2
  GOBIN=$1 nice go install "$2" >go.log 2>&1 || { tail -n 20 go.log && fail "$(go version) could not build $2"; }
}
