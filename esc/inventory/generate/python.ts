import { PORTABLE_PLACEHOLDER } from "../forms";
import type { Inventory } from "../item";
import { generatedBy, variablesOf } from "./variables";

/** The loader in Python 3.9 or newer, standard library only: the same contract as in TypeScript. */
export function renderPython(inventory: Inventory, { source }: { readonly source: string }): string {
  const spec = Object.fromEntries(
    inventory.stages.map((stage) => [
      stage,
      Object.fromEntries(
        variablesOf(inventory, stage).map((variable) => [
          variable.name,
          {
            type: variable.type,
            secret: variable.secret,
            expected: variable.expected,
            pattern: variable.pattern,
            schema: variable.schema,
            canBePlaceholder: variable.canBePlaceholder,
          },
        ]),
      ),
    ]),
  );
  const text = RUNTIME.replace("@PLACEHOLDER@", () => literal(PORTABLE_PLACEHOLDER));
  return `# ${generatedBy(source)}\n${text.replace("@SPECS@", () => literal(JSON.stringify(spec, null, 1)))}`;
}

/** Text that stands as it is in a raw string of Python's. */
function literal(text: string): string {
  if (text.includes('"""'))
    throw new TypeError("a form with three quotation marks cannot be written in Python");
  return text;
}

const RUNTIME = `"""Settings of an application, read from its environment."""

import json
import os
import re
from typing import Any, Dict, List, Mapping, Optional


class Secret:
    """A secret. Whatever prints it prints [secret]; reveal() gives it to whom it is for."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def reveal(self) -> Any:
        return self._value

    def __repr__(self) -> str:
        return "[secret]"

    __str__ = __repr__


class SettingsError(Exception):
    """Settings that cannot be used: every problem, each by the variable's name and without its value."""

    code = "ERR_SETTINGS"

    def __init__(self, stage: str, problems: List[str]) -> None:
        lines = "".join(f"  {problem}\\n" for problem in problems)
        super().__init__(f"{len(problems)} settings of {stage} cannot be used:\\n{lines}")
        self.problems = problems


def load_settings(stage: str, environment: Mapping[str, str] = os.environ) -> Dict[str, Any]:
    """Read the variables of a stage. Call it once, before anything else.

    Raises SettingsError naming all that is missing, empty, a placeholder or of another form, at once.
    """
    settings: Dict[str, Any] = {}
    problems: List[str] = []
    for name, spec in _SPECS[stage].items():
        text = environment.get(name)
        problem = "is missing" if text is None else _problem(text, spec)
        if text is None or problem is not None:
            problems.append(f"{name} {problem}")
            continue
        value = _value(text, spec)
        settings[name] = Secret(value) if spec["secret"] else value
    if problems:
        raise SettingsError(stage, problems)
    return settings


def _problem(text: str, spec: Mapping[str, Any]) -> Optional[str]:
    if not text.strip():
        return "is empty"
    if spec["canBePlaceholder"] and _PLACEHOLDER.search(text.strip().lower()):
        return "is a placeholder"
    wrong = f"is not {spec['expected']}"
    if "pattern" in spec and not re.fullmatch(spec["pattern"], text):
        return wrong
    if spec["type"] == "json":
        try:
            if not _fits(spec.get("schema", True), json.loads(text)):
                return wrong
        except ValueError:
            return wrong
    return None


def _value(text: str, spec: Mapping[str, Any]) -> Any:
    if spec["type"] == "number":
        return int(text)
    if spec["type"] == "boolean":
        return text == "true"
    return json.loads(text) if spec["type"] == "json" else text


_TYPES = {"string": str, "boolean": bool, "null": type(None), "array": list, "object": dict}


def _fits(schema: Any, value: Any) -> bool:
    """What is looked at of a JSON Schema: types, numbers of items, members. \`escapement verify\` looks at all of it."""
    if not isinstance(schema, dict):
        return schema is not False
    kind = schema.get("type")
    if kind in ("number", "integer"):
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (whole or (kind == "number" and isinstance(value, float)))
    if kind in _TYPES and not isinstance(value, _TYPES[kind]):
        return False
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return False
        if schema.get("uniqueItems") and len({json.dumps(each) for each in value}) < len(value):
            return False
        return all(_fits(schema.get("items", True), each) for each in value)
    if isinstance(value, dict):
        if any(name not in value for name in schema.get("required", [])):
            return False
        members = schema.get("properties", {})
        return all(_fits(each, value[name]) for name, each in members.items() if name in value)
    return True


_PLACEHOLDER = re.compile(r"""@PLACEHOLDER@""")

_SPECS: Dict[str, Dict[str, Dict[str, Any]]] = json.loads(
    r"""@SPECS@"""
)
`;
