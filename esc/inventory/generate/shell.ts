import { PORTABLE_PLACEHOLDER } from "../forms";
import type { Inventory } from "../item";
import { generatedBy, type VariableSpec, variablesOf } from "./variables";

/**
 * The loader for POSIX shells: the same contract, but for what a shell cannot see. It looks into no JSON, and into nothing
 * that has more than one line.
 */
export function renderShell(inventory: Inventory, { source }: { readonly source: string }): string {
  const cases = inventory.stages.flatMap((stage) => [
    `    ${quote(stage)})`,
    ...variablesOf(inventory, stage).map((variable) => `      ${check(variable)}`),
    "      ;;",
  ]);
  return [
    `# ${generatedBy(source)}`,
    USE,
    "load_settings() {",
    "  _settings_problems=''",
    "  _settings_count=0",
    '  case "${1-}" in',
    ...cases,
    "    *)",
    '      printf "there is no stage %s\\n" "${1-}" >&2',
    "      return 78",
    "      ;;",
    "  esac",
    '  if [ "$_settings_count" -gt 0 ]; then',
    '    printf "%s settings of %s cannot be used:\\n%s" "$_settings_count" "$1" "$_settings_problems" >&2',
    "    return 78",
    "  fi",
    "}",
    "",
    RUNTIME.replace("@PLACEHOLDER@", () => quote(PORTABLE_PLACEHOLDER)),
  ].join("\n");
}

function check({ name, canBePlaceholder, posixPattern, expected }: VariableSpec): string {
  const value = `"\${${name}-}" "\${${name}+set}"`;
  return `_settings_check ${name} ${value} ${canBePlaceholder ? "yes" : "no"} ${quote(posixPattern ?? "")} ${quote(expected)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const USE = `#
#   . ./settings.sh
#   load_settings <stage> || exit
#
# Names on stderr all that is missing, empty, a placeholder or of another form, at once and without a value, and
# returns 78 (EX_CONFIG). It sets nothing: the variables are there already.
`;

const RUNTIME = `# name, value, "set" if it is, whether it could be a placeholder, pattern, expected
_settings_check() {
  _settings_problem=''
  if [ -z "$3" ]; then
    _settings_problem='is missing'
  elif [ -z "$(printf '%s' "$2" | tr -d '[:space:]')" ]; then
    _settings_problem='is empty'
  elif [ "$4" = yes ] && printf '%s\\n' "$2" | tr '[:upper:]' '[:lower:]' | LC_ALL=C grep -Eq -e @PLACEHOLDER@; then
    _settings_problem='is a placeholder'
  elif [ -n "$5" ]; then
    case "$2" in
      *'
'*) _settings_problem="is not $6" ;;
      *) printf '%s\\n' "$2" | LC_ALL=C grep -Eq -e "^($5)\\$" || _settings_problem="is not $6" ;;
    esac
  fi
  if [ -n "$_settings_problem" ]; then
    _settings_count=$((_settings_count + 1))
    _settings_problems="$_settings_problems  $1 $_settings_problem
"
  fi
}
`;
