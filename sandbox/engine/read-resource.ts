import { type ReadResourceRequest, ReadResourceResponse } from "@pulumi/pulumi/proto/resource_pb.js";
import type { StackName } from "./cloud";
import { describeProvider, findProvider } from "./providers";
import type { DeploymentRecord } from "./record";
import { stopAfterFailure } from "./register-resource";
import { describe, type ResourceState } from "./resource-state";
import { Refusal } from "./rpc";
import { createUrn, stackReferenceType } from "./urn";
import { containsSecret, type PropertyMap, Secret, toPropertyMap } from "./values";
import { decodeStruct, encodeStruct, isUnknownString } from "./wire";

/** Answers ReadResource: `X.get(…)` by the provider's `read`, and `new StackReference(…)`. */
export async function readResource(
  record: DeploymentRecord,
  request: ReadResourceRequest,
): Promise<ReadResourceResponse> {
  stopAfterFailure(record);
  const resource = place(record, request);
  record.put(resource, "started");
  const outputs = await readOutputs(record, request, resource);
  record.put({ ...resource, outputs }, "done");
  const response = new ReadResourceResponse();
  response.setUrn(resource.urn);
  response.setProperties(encodeStruct(outputs));
  return response;
}

function place(record: DeploymentRecord, request: ReadResourceRequest): ResourceState {
  const { stack, project } = record.options.settings;
  const type = request.getType();
  const name = request.getName();
  const parent = request.getParent() || undefined;
  const urn = createUrn({ stack, project, parent, type, name });
  if (record.resource(urn) !== undefined) {
    const text = `${describe({ type, name })}: Duplicate resource URN '${urn}'; try giving it a unique name`;
    throw new Refusal("ERR_ENGINE_PROGRAM", text, urn);
  }
  return {
    urn,
    type,
    name,
    parent,
    custom: true,
    remote: false,
    change: "read",
    ...(!isUnknownString(request.getId()) && { id: request.getId() }),
    inputs: decodeStruct(request.getProperties()),
    outputs: {},
    dependencies: request.getDependenciesList(),
    propertyDependencies: {},
    options: request.getVersion() === "" ? {} : { version: request.getVersion() },
  };
}

async function readOutputs(
  record: DeploymentRecord,
  request: ReadResourceRequest,
  resource: ResourceState,
): Promise<PropertyMap> {
  const { id, type, name, urn, options } = resource;
  if (id === undefined) return {};
  if (type === stackReferenceType) return readStackReference(record, id, resource);
  const { resources } = record.options.cloud;
  const read = Object.hasOwn(resources, type) ? resources[type]?.read : undefined;
  if (read === undefined) {
    throw new Refusal("ERR_ENGINE_REFUSED", `${describe(resource)}: this cloud cannot read one`, urn);
  }
  const provider = findProvider({ record, reference: request.getProvider(), type, version: options.version });
  const found = await read({
    ...record.context(),
    provider: describeProvider(provider),
    urn,
    type,
    name,
    id,
  });
  if (found === undefined) {
    throw new Refusal("ERR_ENGINE_RESOURCE", `${describe(resource)}: there is none with the id ${id}`, urn);
  }
  const secretNames = request.getAdditionalsecretoutputsList();
  const marked = Object.entries(toPropertyMap(found)).map(
    ([property, value]): [string, PropertyMap[string]] => [
      property,
      secretNames.includes(property) && !(value instanceof Secret) ? new Secret(value) : value,
    ],
  );
  return Object.fromEntries(marked);
}

/** The shape of Pulumi's built-in StackReference: `name`, `outputs`, and which of them are secret. */
async function readStackReference(
  record: DeploymentRecord,
  reference: string,
  resource: ResourceState,
): Promise<PropertyMap> {
  const { organization, settings, cloud } = record.options;
  const name = { reference, ...parseReference(reference, organization, settings.project) };
  const outputs = await cloud.stackOutputs?.(name);
  if (outputs === undefined) {
    throw new Refusal(
      "ERR_ENGINE_RESOURCE",
      `${describe(resource)}: there is no stack ${name.organization}/${name.project}/${name.stack} in this cloud`,
      resource.urn,
    );
  }
  const secretNames = Object.keys(outputs).filter((key) => containsSecret(outputs[key] ?? null));
  return { name: reference, outputs, secretOutputNames: secretNames };
}

/** `stack`, `organization/stack` or `organization/project/stack`, as Pulumi's service reads them. */
function parseReference(
  reference: string,
  organization: string,
  project: string,
): Omit<StackName, "reference"> {
  const [first = "", second, third] = reference.split("/");
  if (second === undefined) return { organization, project, stack: first };
  if (third === undefined) return { organization: first, project, stack: second };
  return { organization: first, project: second, stack: third };
}
