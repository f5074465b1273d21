import type { Authorizer } from "../../authorize";
import { jsonProtocol } from "../../protocol";
import { type AwsService, jsonHandler } from "../../service";
import { EntryAccess } from "./entry-access";
import { readingOperations } from "./reading";
import { writingOperations } from "./writing";

/**
 * Secrets Manager over an account's entries.
 * Source of shapes and errors: the service's API reference, version 2017-10-17.
 */
export function secretsManagerService(authorizer: Authorizer): AwsService {
  const access = new EntryAccess(authorizer);
  const protocol = jsonProtocol("secretsmanager", { messageKey: "Message" });
  const operations = { ...readingOperations(access), ...writingOperations(access) };
  return { signingName: "secretsmanager", protocol, handle: jsonHandler(protocol, operations) };
}
