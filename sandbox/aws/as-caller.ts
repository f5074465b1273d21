import { isDeepStrictEqual } from "node:util";
import {
  type ActionScope,
  BOUNDED_ACTIONS,
  RESOURCE_ACTIONS,
  type ResourceActions,
  scopeOf,
  withoutRow,
} from "../../trust/index";
import type { CallContext, Cloud, ResourceRequest, ResourceType } from "../engine/cloud";
import { Archive, Asset, UNKNOWN } from "../engine/values";
import type { Account, Session } from "./account";
import type { Authorizer } from "./authorize";
import { targetOf } from "./call-targets";
import { regionOf } from "./resources/define";

type AwsCloud = Required<Pick<Cloud, "resources" | "invokes" | "remoteComponents">>;

interface AsCaller {
  readonly account: Account;
  readonly authorizer: Authorizer;
  /** In whose name everything is done. */
  readonly caller: Session;
}

const CALLER_IDENTITY = "aws:index/getCallerIdentity:getCallerIdentity";

/**
 * The same cloud for a caller that may not do everything: whatever is made, changed, deleted or looked up is first
 * asked of the caller's policies, with the actions that Pulumi's provider would call (`RESOURCE_ACTIONS`). What is
 * refused fails with AWS's words; a type for which there is no row fails by name.
 */
export function asCaller({ resources, invokes, remoteComponents }: AwsCloud, options: AsCaller): AwsCloud {
  return {
    resources: mapValues(resources, (type, token) => guardResource(type, rowOf(token), options)),
    invokes: mapValues(invokes, (invoke, token) => async (args, context) => {
      const row = rowOf(token)();
      ask(options, { row, actions: row.read, token, inputs: args, context });
      const answer = await invoke(args, context);
      return token === CALLER_IDENTITY ? { ...answer, arn: options.caller.arn } : answer;
    }),
    remoteComponents: mapValues(remoteComponents, (_, token) => {
      const refuse = () => {
        throw new TypeError(withoutRow([token]));
      };
      return { construct: refuse, preview: refuse };
    }),
  };
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

function rowOf(token: string): () => ResourceActions {
  return () => {
    const row = Object.hasOwn(RESOURCE_ACTIONS, token) ? RESOURCE_ACTIONS[token] : undefined;
    if (row === undefined) throw new TypeError(withoutRow([token]));
    return row;
  };
}

function guardResource(type: ResourceType, find: () => ResourceActions, options: AsCaller): ResourceType {
  const { update, delete: remove, read } = type;
  return {
    ...type,
    preview(request) {
      find();
      return type.preview?.(request) ?? {};
    },
    async create(request) {
      const row = find();
      // A name that the program does not give is told by a preview.
      const known = "name" in request.inputs ? {} : await type.preview?.(request);
      const inputs = { ...known, ...given(request.inputs) };
      ask(options, {
        row,
        actions: [...row.create, ...row.read],
        token: request.type,
        inputs,
        context: request,
      });
      return type.create(request);
    },
    ...(update && {
      update(request) {
        const row = find();
        const actions = [...changes(request, row), ...row.read];
        const inputs = { ...request.old.outputs, ...given(request.inputs) };
        ask(options, { row, actions, token: request.type, inputs, context: request, id: request.old.id });
        return update(request);
      },
    }),
    ...(remove && {
      delete(request) {
        const row = find();
        const inputs = { ...request.outputs, ...request.inputs };
        ask(options, {
          row,
          actions: row.delete,
          token: request.type,
          inputs,
          context: request,
          id: request.id,
        });
        return remove(request);
      },
    }),
    ...(read && {
      read(request) {
        const row = find();
        ask(options, {
          row,
          actions: row.read,
          token: request.type,
          inputs: {},
          context: request,
          id: request.id,
        });
        return read(request);
      },
    }),
  };
}

function given(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).filter(([, value]) => value !== undefined && value !== UNKNOWN),
  );
}

/** What an update calls: by each input that is another than it was. */
function changes(
  { inputs, old, type }: Required<Pick<ResourceRequest, "old">> & ResourceRequest,
  { update }: ResourceActions,
): string[] {
  const names = [...new Set([...Object.keys(inputs), ...Object.keys(old.inputs)])].filter(
    (name) => !name.startsWith("__") && !same(inputs[name], old.inputs[name]),
  );
  return names.flatMap((name) => {
    if (name === "permissionsBoundary" && inputs[name] === undefined)
      return ["iam:DeleteRolePermissionsBoundary"];
    const actions = update[name] ?? update["*"];
    if (actions === undefined) {
      throw new TypeError(
        `${type}: the table of actions (trust/permissions/actions.ts) does not say what changes "${name}"`,
      );
    }
    return actions;
  });
}

function same(one: unknown, other: unknown): boolean {
  for (const kind of [Archive, Asset]) {
    if (one instanceof kind && other instanceof kind) {
      return one.digest !== undefined && one.digest === other.digest;
    }
  }
  return isDeepStrictEqual(one, other);
}

interface Question {
  readonly row: ResourceActions;
  readonly actions: readonly string[];
  readonly token: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly context: CallContext;
  /** Of what is there already. */
  readonly id?: string;
}

function ask({ account, authorizer, caller }: AsCaller, question: Question): void {
  const { row, actions, token, inputs, context, id } = question;
  const given = typeof inputs.region === "string" ? inputs.region : undefined;
  const region = given ?? regionOf(account, context);
  for (const action of new Set(actions)) {
    const scope: ActionScope = scopeOf(action, row);
    const target = targetOf(account, { scope, token, inputs, region, id });
    authorizer.require(
      caller,
      region,
      { action, resource: target, context: contextOf(account, { action, token, inputs, target }) },
      "AccessDenied",
    );
  }
}

/** The keys that IAM puts beside its own actions. */
function contextOf(
  account: Account,
  {
    action,
    token,
    inputs,
    target,
  }: { action: string; token: string; inputs: Question["inputs"]; target: string },
): Record<string, string> {
  if (action === "iam:PassRole") return { "iam:PassedToService": "lambda.amazonaws.com" };
  if (!BOUNDED_ACTIONS.includes(action)) return {};
  const asked = inputs.permissionsBoundary;
  const boundary =
    token === "aws:iam/role:Role"
      ? typeof asked === "string"
        ? asked
        : undefined
      : [...account.roles.values()].find(({ arn }) => arn === target)?.permissionsBoundary;
  return boundary === undefined ? {} : { "iam:PermissionsBoundary": boundary };
}
