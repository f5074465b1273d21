/**
 * What ours is measured against: an adapter written the way Pulumi's published reference documents it
 * (pulumi/examples, aws-ts-esc-external-adapter-lambda), retold in our own words with its habits kept: the event
 * of a REST API, jsonwebtoken and jwks-rsa, a validator with its own key client made for each request, the
 * audience taken from the Host header, claims logged. It is given the AWS clients that ours has. Not for use: it
 * checks no issuer, no organization and no second use.
 */
import { createHash } from "node:crypto";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import jwt from "jsonwebtoken";
import jwksClient from "jwks-rsa";

/** The part of a REST API's event that is read. */
export interface RestEvent {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly requestContext: { readonly domainName: string; readonly path: string };
  readonly body: string | null;
}

export class ReferenceValidator {
  readonly #keys: jwksClient.JwksClient;

  constructor(jwksUri: string) {
    this.#keys = jwksClient({ jwksUri, cache: true, cacheMaxAge: 600_000 });
  }

  async validate(event: RestEvent): Promise<{ readonly claims: jwt.JwtPayload; readonly request: unknown }> {
    const header = event.headers.Authorization ?? event.headers.authorization;
    if (!header?.startsWith("Bearer ")) throw new Error("Missing or invalid Authorization header");
    const claims = await this.#verify(header.slice("Bearer ".length));
    const { domainName, path } = event.requestContext;
    const url = `https://${event.headers.Host ?? domainName}${path}`;
    if (claims.aud !== url) throw new Error(`Audience is not ${url}`);
    const body = event.body ?? "{}";
    const hash = `sha256-${createHash("sha256").update(body).digest("base64")}`;
    if (claims.body_hash !== hash) throw new Error("Body hash does not match");
    return { claims, request: JSON.parse(body) };
  }

  #verify(token: string): Promise<jwt.JwtPayload> {
    return new Promise((resolve, reject) => {
      const findKey: jwt.GetPublicKeyOrSecret = (header, done) => {
        this.#keys.getSigningKey(header.kid).then(
          (key) => done(null, key.getPublicKey()),
          (error: Error) => done(error),
        );
      };
      jwt.verify(token, findKey, { algorithms: ["RS256"] }, (error, claims) => {
        if (error) reject(error);
        else resolve(claims as jwt.JwtPayload);
      });
    });
  }
}

type Fetch = (request: unknown, claims: jwt.JwtPayload) => Promise<unknown>;

/** The reference's handler; `validatorFor` makes a validator a request, as it does, or answers a shared one. */
export function createReferenceHandler(validatorFor: () => ReferenceValidator, fetch: Fetch) {
  return async (event: RestEvent) => {
    try {
      const { claims, request } = await validatorFor().validate(event);
      console.log("JWT is valid");
      console.log("Organization:", claims.org);
      console.log("Environment:", claims.current_env);
      console.log("Trigger user:", claims.trigger_user);
      console.log("Issued at:", new Date((claims.iat ?? 0) * 1000).toISOString());
      return respond(200, await fetch(request, claims));
    } catch (error) {
      const message = error instanceof Error ? error.message : "Internal server error";
      const status = message.includes("Authorization") ? 401 : /hash|Audience/i.test(message) ? 400 : 500;
      return respond(status, { error: message });
    }
  };
}

function respond(statusCode: number, body: unknown) {
  return { statusCode, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

const secrets = new SecretsManagerClient({});
const table = new DynamoDBClient({});
const parameters = new SSMClient({});

/** What is bundled for the comparison of size and load time. */
export const handler = createReferenceHandler(
  () => new ReferenceValidator("https://api.pulumi.com/oidc/.well-known/jwks"),
  async (request, claims) => {
    const { secretName } = request as { readonly secretName: string };
    const prefix = await parameters.send(new GetParameterCommand({ Name: "/adapter/prefix" }));
    await table.send(new PutItemCommand({ TableName: "replay", Item: { id: { S: String(claims.jti) } } }));
    const SecretId = `${prefix.Parameter?.Value}${secretName}`;
    return (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  },
);
