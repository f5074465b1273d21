import type { ActionScope } from "../../trust/index";
import { type Account, makeArn } from "./account";
import { findSecret } from "./secret-entries";

/** Something that a call is about. */
export interface CallTarget {
  readonly scope: ActionScope;
  /** Pulumi's type, or function. */
  readonly token: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly region: string;
  /** Pulumi's id of what is there already. */
  readonly id?: string | undefined;
}

/** The ARN that a call is asked for. It is taken from what the account has, where it is there; else from its name. */
export function targetOf(account: Account, target: CallTarget): string {
  const { scope, inputs, region, id } = target;
  const text = (name: string) => String(inputs[name] ?? "");
  const named = (service: string, prefix: string, name: string) =>
    makeArn(account, service, region, prefix + name);
  switch (scope) {
    case "any":
      return "*";
    case "alarm":
      return named("cloudwatch", "alarm:", id ?? text("name"));
    case "dashboard":
      return makeArn(account, "cloudwatch", "", `dashboard/${id ?? text("dashboardName")}`);
    case "entry":
      return entryArn(account, target);
    case "event-rule":
      return named("events", "rule/", String(inputs.rule ?? id ?? inputs.name ?? ""));
    case "function":
      return functionArn(account, target);
    case "http-api":
      return `arn:${account.partition}:apigateway:${region}::${apiPath(target)}`;
    case "log-group":
      return named("logs", "log-group:", id ?? text("name"));
    case "oidc-provider":
      return typeof inputs.arn === "string"
        ? inputs.arn
        : makeArn(account, "iam", "", `oidc-provider/${text("url").replace(/^https:\/\//, "")}`);
    case "parameter":
      return named("ssm", "parameter", (id ?? text("name")).replace(/^\/?/, "/"));
    case "role":
      return roleArn(account, target);
    case "table":
      return named("dynamodb", "table/", id ?? text("name"));
  }
}

function roleArn(account: Account, { token, inputs, id }: CallTarget): string {
  // A function's role is passed by its ARN; a policy names its role; a role is what it is about itself.
  const given = token === "aws:iam/role:Role" ? (id ?? inputs.name) : inputs.role;
  const role = String(given ?? "");
  if (role.startsWith("arn:")) return role;
  const found = account.roles.get(role.toLowerCase());
  return found?.arn ?? makeArn(account, "iam", "", `role${String(inputs.path ?? "/")}${role}`);
}

/** Before there is an entry, AWS knows its name without the six characters. */
function entryArn(account: Account, { inputs, region, id }: CallTarget): string {
  const given = id ?? inputs.secretArn ?? inputs.secretId ?? inputs.name;
  const entry = String(given ?? "");
  if (entry.startsWith("arn:")) return entry;
  return (
    findSecret(account, region, entry)?.arn ?? makeArn(account, "secretsmanager", region, `secret:${entry}`)
  );
}

function functionArn(account: Account, { token, inputs, region, id }: CallTarget): string {
  const given =
    token === "aws:lambda/function:Function" ? (id ?? inputs.name) : (inputs.functionName ?? inputs.function);
  const name = String(given ?? "");
  return name.startsWith("arn:") ? name : makeArn(account, "lambda", region, `function:${name}`);
}

/** API Gateway's resources are the paths of its REST interface. */
function apiPath({ token, inputs, id }: CallTarget): string {
  const own = id === undefined ? "" : `/${id}`;
  const kind = token.replace(/^.*:/, "");
  if (kind === "Api") return `/apis${own}`;
  if (kind === "DomainName") return `/domainnames${own}`;
  if (kind === "ApiMapping") return `/domainnames/${String(inputs.domainName)}/apimappings${own}`;
  return `/apis/${String(inputs.apiId)}/${kind.toLowerCase()}s${own}`;
}
