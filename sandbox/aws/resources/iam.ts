import type { ResourceType } from "../../engine/cloud";
import type { Account, Role } from "../account";
import { AwsError } from "../errors";
import {
  attachRolePolicy,
  checkManagedPolicy,
  checkOidcProvider,
  checkRole,
  createOidcProvider,
  createPolicy,
  createRole,
  deletePolicy,
  deleteRole,
  findManagedPolicy,
  findRole,
  putRolePolicy,
  updateRole,
} from "../iam";
import { checkPolicy } from "../policy-store";
import { defineResource, nameOf, textOf } from "./define";

/** `aws.iam.Role`. Its id is its name. */
export function roleResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "name",
      "namePrefix",
      "path",
      "assumeRolePolicy",
      "description",
      "maxSessionDuration",
      "permissionsBoundary",
      "forceDetachPolicies",
      "tags",
    ],
    check(inputs, request) {
      inputs.require("assumeRolePolicy");
      const name = nameOf(account, inputs, request.name);
      checkRole({
        name,
        path: inputs.text("path"),
        trustPolicy: inputs.text("assumeRolePolicy"),
        maxSessionDurationSeconds: inputs.number("maxSessionDuration"),
      });
      return { name, tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const role = createRole(account, {
        name: known.name as string,
        path: inputs.text("path"),
        trustPolicy: inputs.text("assumeRolePolicy") as string,
        description: inputs.text("description"),
        maxSessionDurationSeconds: inputs.number("maxSessionDuration"),
        permissionsBoundary: inputs.text("permissionsBoundary"),
        tags: inputs.tags(),
      });
      const { arn, uniqueId, createDate } = propertiesOf(role);
      return { id: role.name, outputs: { arn, uniqueId, createDate } };
    },
    update(inputs, _, { old }) {
      const role = findRole(account, old.id);
      updateRole(account, role, {
        trustPolicy: inputs.text("assumeRolePolicy") as string,
        description: inputs.text("description"),
        maxSessionDurationSeconds: inputs.number("maxSessionDuration"),
        permissionsBoundary: inputs.text("permissionsBoundary"),
        tags: inputs.tags(),
      });
      return {};
    },
    remove({ id, inputs }) {
      deleteRole(account, findRole(account, id), { detach: inputs.forceDetachPolicies === true });
    },
    read(id) {
      const role = account.roles.get(id.toLowerCase());
      return role && propertiesOf(role);
    },
  });
}

function propertiesOf(role: Role) {
  return {
    arn: role.arn,
    uniqueId: role.id,
    createDate: role.createdAt.toISOString(),
    name: role.name,
    path: role.path,
    description: role.description,
    assumeRolePolicy: role.trustPolicy,
    maxSessionDuration: role.maxSessionDurationSeconds,
    permissionsBoundary: role.permissionsBoundary,
    tags: { ...role.tags },
    tagsAll: { ...role.tags },
  };
}

/** `aws.iam.RolePolicy`: an inline policy. Its id is `<role>:<name>`. */
export function rolePolicyResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["name", "namePrefix", "role", "policy"],
    check(inputs, request) {
      inputs.require("role", "policy");
      const document = inputs.text("policy");
      if (document !== undefined) checkPolicy(document, "identity", "MalformedPolicyDocument");
      return { name: nameOf(account, inputs, request.name) };
    },
    create(inputs, known) {
      const role = inputs.text("role") as string;
      const name = known.name as string;
      putRolePolicy(account, role, name, inputs.text("policy") as string);
      return { id: `${role}:${name}` };
    },
    update(inputs, known) {
      putRolePolicy(
        account,
        inputs.text("role") as string,
        known.name as string,
        inputs.text("policy") as string,
      );
      return {};
    },
    remove(old) {
      findRole(account, textOf(old, "role")).inlinePolicies.delete(textOf(old, "name"));
    },
  });
}

/** `aws.iam.Policy`. Its id is its ARN. */
export function policyResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["name", "namePrefix", "path", "policy", "description", "tags"],
    check(inputs, request) {
      inputs.require("policy");
      const name = nameOf(account, inputs, request.name);
      checkManagedPolicy({ name, path: inputs.text("path"), document: inputs.text("policy") });
      return { name, tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const policy = createPolicy(account, {
        name: known.name as string,
        path: inputs.text("path"),
        document: inputs.text("policy") as string,
        description: inputs.text("description"),
        tags: inputs.tags(),
      });
      return { id: policy.arn, outputs: { arn: policy.arn, policyId: policy.id } };
    },
    update(inputs, _, { old }) {
      const policy = findManagedPolicy(account, old.id);
      policy.document = inputs.text("policy") as string;
      policy.tags = inputs.tags();
      return {};
    },
    remove: ({ id }) => deletePolicy(account, findManagedPolicy(account, id)),
  });
}

/** `aws.iam.RolePolicyAttachment`. Its id is `<role>/<policy ARN>`. */
export function rolePolicyAttachmentResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["role", "policyArn"],
    check(inputs) {
      inputs.require("role", "policyArn");
      return {};
    },
    create(inputs) {
      const role = findRole(account, inputs.text("role") as string);
      const policyArn = inputs.text("policyArn") as string;
      attachRolePolicy(account, role.name, policyArn);
      return { id: `${role.name}/${policyArn}` };
    },
    remove: (old) =>
      void findRole(account, textOf(old, "role")).attachedPolicies.delete(textOf(old, "policyArn")),
  });
}

/** `aws.iam.OpenIdConnectProvider`. Its id is its ARN; its `url` comes back without `https://`, as IAM keeps it. */
export function oidcProviderResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["url", "clientIdLists", "thumbprintLists", "tags"],
    check(inputs) {
      inputs.require("url", "clientIdLists");
      checkOidcProvider({ url: inputs.text("url"), audiences: inputs.texts("clientIdLists") });
      return { tagsAll: inputs.tags() };
    },
    create(inputs) {
      const provider = createOidcProvider(account, {
        url: inputs.text("url") as string,
        audiences: inputs.texts("clientIdLists") ?? [],
        thumbprints: inputs.texts("thumbprintLists"),
        tags: inputs.tags(),
      });
      const outputs = { arn: provider.arn, url: provider.host, thumbprintLists: [...provider.thumbprints] };
      return { id: provider.arn, outputs };
    },
    update(inputs, _, { old }) {
      const provider = account.oidcProviders.get(old.id);
      if (!provider) throw new AwsError("NoSuchEntity", `OpenIDConnect Provider not found for arn ${old.id}`);
      provider.audiences = inputs.texts("clientIdLists") ?? [];
      provider.thumbprints = inputs.texts("thumbprintLists") ?? provider.thumbprints;
      provider.tags = inputs.tags();
      return { url: provider.host, thumbprintLists: [...provider.thumbprints] };
    },
    remove: ({ id }) => void account.oidcProviders.delete(id),
  });
}
