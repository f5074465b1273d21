import * as providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import type { ResourceInvokeRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import * as resourceMessages from "@pulumi/pulumi/proto/resource_pb.js";
import { describeProvider, findProvider } from "./providers";
import type { DeploymentRecord } from "./record";
import { stopAfterFailure } from "./register-resource";
import { ProgramError, Refusal } from "./rpc";
import type { Transforms } from "./transforms";
import { type PropertyMap, plainMap, toPropertyMap } from "./values";
import { decodeStruct, encodeStruct } from "./wire";

/**
 * The monitor's Invoke answers `ResourceInvokeResponse` in newer SDKs, and the provider protocol's `InvokeResponse`
 * in those that do not have the other (3.248): same fields, and the wrong one cannot be serialised.
 */
const Response =
  (resourceMessages as { ResourceInvokeResponse?: typeof providerMessages.InvokeResponse })
    .ResourceInvokeResponse ?? providerMessages.InvokeResponse;

/** Answers Invoke from the cloud's table. What an invoke throws reaches the program, which may catch it. */
export async function invoke(
  record: DeploymentRecord,
  transforms: Transforms,
  request: ResourceInvokeRequest,
): Promise<providerMessages.InvokeResponse> {
  stopAfterFailure(record);
  await transforms.applyToInvoke(request);
  const response = new Response();
  response.setReturn(encodeStruct(await answer(record, request)));
  return response;
}

async function answer(record: DeploymentRecord, request: ResourceInvokeRequest): Promise<PropertyMap> {
  const token = request.getTok();
  const args = decodeStruct(request.getArgs());
  if (token === "pulumi:pulumi:getResource") return getResource(record, String(args.urn));
  const { invokes = {} } = record.options.cloud;
  const invokeFunction = Object.hasOwn(invokes, token) ? invokes[token] : undefined;
  if (invokeFunction === undefined) {
    throw new Refusal("ERR_ENGINE_REFUSED", `${token}: invoke not known to this cloud`);
  }
  const reference = request.getProvider();
  const provider = findProvider({ record, reference, type: token, version: request.getVersion() });
  let result: Record<string, unknown>;
  try {
    const context = { ...record.context(), provider: describeProvider(provider) };
    result = await invokeFunction(plainMap(args), context);
  } catch (error) {
    throw new ProgramError(`invocation of ${token} returned an error: ${(error as Error).message}`);
  }
  return toPropertyMap(result);
}

/** How the SDK brings a resource back to life that it was given as a reference. */
function getResource(record: DeploymentRecord, urn: string): PropertyMap {
  const resource = record.resource(urn);
  if (resource === undefined) throw new ProgramError(`unknown resource ${urn}`);
  return { urn, id: resource.id ?? "", state: resource.outputs };
}
