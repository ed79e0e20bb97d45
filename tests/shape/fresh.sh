#!/usr/bin/env bash
# Proves the two commands on a machine that has Python, make and git and nothing else: clones HEAD into an empty folder
# and runs `make test` and `make demo` there, with an empty environment, an empty home and a PATH of links to just those
# tools. As root it does so twice, the second time as an unprivileged user.
#
#   tests/shape/fresh.sh [test] [demo]      both without an argument
#   FRESH_AS=root|user                      only one of the two (default: whoever we may be)
#   FRESH_PYTHON=/path/to/python3           the Python to offer (default: the python3 on the path)
set -euo pipefail

root="$(cd "$(dirname "$0")/../.." && pwd)"
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(test demo)
scratch="$(mktemp -d "${TMPDIR:-/tmp}/unisono-fresh.XXXXXX")"
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

say() { printf '%s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

# The real interpreter behind whatever `python3` is; shims need more of the machine than the interpreter does.
real_python() { "$1" -c 'import os, sys; print(os.path.realpath(sys.executable))'; }

# Runs a command as somebody else, without a helper program: $1 is the user's name.
as_user() {
  local user="$1"; shift
  "$python" -c '
import os, pwd, sys
user = pwd.getpwnam(sys.argv[1])
os.setgroups([])
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
os.execvp(sys.argv[2], sys.argv[2:])' "$user" "$@"
}

python="$(real_python "${FRESH_PYTHON:-python3}")"
bins="$scratch/bin"
coreutils=(basename cat chmod chown cp cut date df dirname du echo env expr false head id install ln ls md5sum mkdir mktemp mv
  nohup nproc od paste printf pwd readlink realpath rm rmdir seq sha256sum sleep sort stat sync tail tee test timeout touch tr
  true tty uname uniq wc whoami)

make_path() { # $1: the Python to offer
  rm -rf "$bins"; mkdir "$bins"
  ln -s "$1" "$bins/python3"
  local tool
  for tool in make git sh bash; do
    ln -s "$(command -v "$tool")" "$bins/$tool" || die "$tool is missing"
  done
  for tool in "${coreutils[@]}"; do
    # `type -P` finds the file even where the shell has a command of its own by that name.
    if [ -n "$(type -P "$tool")" ]; then ln -s "$(type -P "$tool")" "$bins/$tool"; fi
  done
}

# Where this machine gets packages from is the machine's affair: only these settings go along.
passed_on=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL PIP_CERT SSL_CERT_FILE; do
  if [ -n "${!name:-}" ]; then passed_on+=("$name=${!name}"); fi
done

commit="$(git -C "$root" rev-parse --short HEAD)" || die "there is no commit to clone yet"
[ -z "$(git -C "$root" status --porcelain)" ] || say "note: changes that are not committed are not tried; the clone is $commit"

run_as() { # $1: root, or a user's name
  local who="$1" place="$scratch/$1" began step code
  local prefix=()
  make_path "$python"
  if [ "$who" != "$(id -un)" ]; then
    prefix=(as_user "$who")
    # The Python of one user may lie in a folder that another cannot enter.
    if ! as_user "$who" "$bins/python3" -c '' 2>/dev/null; then
      [ -x /usr/bin/python3 ] || die "the user $who cannot run $python; name another one in FRESH_PYTHON"
      make_path /usr/bin/python3
      as_user "$who" "$bins/python3" -c 'import ensurepip, venv' ||
        die "the user $who cannot run $python, and /usr/bin/python3 makes no virtual environments; name another one in FRESH_PYTHON"
    fi
  fi
  mkdir -p "$place/home" "$place/tmp"
  git clone --quiet --no-hardlinks "$root" "$place/unisono"
  chown -R "$who" "$place" 2>/dev/null || [ "$who" = "$(id -un)" ]
  for step in "${steps[@]}"; do
    local command=(make --no-print-directory -C "$place/unisono" "$step")
    [ "$step" != demo ] || command+=("ARGS=--once")
    say "== make $step as $who ($("$bins/python3" --version))"
    began=$SECONDS; code=0
    "${prefix[@]}" env -i "PATH=$bins" "HOME=$place/home" "TMPDIR=$place/tmp" LANG=C.UTF-8 "${passed_on[@]}" "${command[@]}" \
      </dev/null || code=$?
    results+=("make $step as $who: $([ "$code" = 0 ] && echo ok || echo "FAILED ($code)") in $((SECONDS - began)) s")
    [ "$code" = 0 ] || failed=1
  done
}

results=()
failed=0
as="${FRESH_AS:-both}"
if [ "$(id -u)" = 0 ]; then
  [ "$as" = user ] || run_as root
  [ "$as" = root ] || run_as "${FRESH_USER:-nobody}"
else
  [ "$as" != root ] || die "FRESH_AS=root needs root"
  run_as "$(id -un)"
fi

say "== fresh installation of $commit"
printf '   %s\n' "${results[@]}"
exit "$failed"
