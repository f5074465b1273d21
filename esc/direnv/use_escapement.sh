# shellcheck shell=bash
# For .envrc of direnv: opens an environment of Pulumi ESC and exports its variables. docs/direnv.md tells more.
#
#   source node_modules/escapement/esc/direnv/use_escapement.sh
#   use escapement acme/shop/dev DATABASE_URL JWT_SECRET
#
# Everything that decides is in environment.cjs, which writes `export NAME='value'` lines, quoted for a shell, or
# nothing and the reason on stderr. No file is written.

_escapement_here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"

use_escapement() {
  local exports
  watch_file "${PULUMI_HOME:-$HOME/.pulumi}/credentials.json"
  if ! command -v node >/dev/null; then
    log_error "escapement: node is not installed: it is what quotes values for the shell"
    exit 1
  fi
  # direnv, our parent, was started by the shell: what that has loaded already is in its environment.
  if ! exports="$(node "$_escapement_here/environment.cjs" "$PPID" "$@")"; then
    # Not `return`: what follows in .envrc must not run without the environment.
    exit 1
  fi
  eval "$exports"
}
