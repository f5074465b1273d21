/**
 * The reference with the clients that ours carries besides, for rotation and for sources: the size of two bundles that can
 * call the same systems.
 */
export { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
export { BatchGetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
export { GetParametersByPathCommand } from "@aws-sdk/client-ssm";
export { Client } from "pg";
export { handler } from "./index";
