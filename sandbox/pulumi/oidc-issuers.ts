import { createHash } from "node:crypto";
import type { PulumiLoginPolicy } from "../../trust/index";
import type { ResourceRequest, ResourceType } from "../engine/cloud";
import { EscServiceError } from "./errors";

/** An issuer that an organization has registered. Plain data. */
export interface OidcIssuerContent {
  readonly organization: string;
  readonly name: string;
  readonly url: string;
  readonly maxExpirationSeconds: number | undefined;
  readonly policies: readonly PulumiLoginPolicy[];
}

/** By the resource's id. */
export type OidcIssuersContent = ReadonlyMap<string, OidcIssuerContent>;

/** The OIDC issuers that organizations have registered. Tokens are not exchanged over HTTP here. */
export class OidcIssuers {
  readonly #issuers: Map<string, OidcIssuerContent>;

  constructor(content: OidcIssuersContent = new Map()) {
    this.#issuers = new Map(content);
  }

  content(): OidcIssuersContent {
    return this.#issuers;
  }

  /** An issuer that an organization has registered. */
  find(organization: string, url: string): OidcIssuerContent | undefined {
    return [...this.#issuers.values()].find((one) => one.organization === organization && one.url === url);
  }

  /** `pulumiservice:index:OidcIssuer`. Behaviour read in the provider's oidc_issuer.go. */
  resource(): ResourceType {
    const put = (id: string, request: ResourceRequest) => {
      const issuer = read(request);
      // An update leaves the policies alone when it brings none.
      const policies = issuer.policies.length > 0 ? issuer.policies : (this.#issuers.get(id)?.policies ?? []);
      this.#issuers.set(id, { ...issuer, policies });
      return { policies, thumbprints: [] };
    };
    return {
      create: (request) => {
        const { organization, url } = read(request);
        if (this.find(organization, url) !== undefined) {
          throw refuse(request, `${organization} has an issuer for ${url} already (409 Conflict)`);
        }
        const id = `${organization}/${createHash("sha256").update(url).digest("hex").slice(0, 32)}`;
        return { id, outputs: put(id, request) };
      },
      update: (request) => put(request.old.id, request),
      delete: ({ id }) => {
        this.#issuers.delete(id);
      },
    };
  }
}

const ACCEPTED = ["organization", "name", "url", "maxExpirationSeconds", "policies"];

function read(request: ResourceRequest): OidcIssuerContent {
  const { inputs } = request;
  const other = Object.keys(inputs).find((input) => !ACCEPTED.includes(input));
  if (other !== undefined) throw refuse(request, `the sandbox does not know the input ${other}`);
  const text = (input: string) => {
    const value = inputs[input];
    if (typeof value !== "string") throw refuse(request, `${input} must be a string`);
    return value;
  };
  const policies = (inputs.policies ?? []) as PulumiLoginPolicy[];
  for (const { tokenType, teamName, userLogin, authorizedPermissions } of policies) {
    const needed = { team: teamName, personal: userLogin, organization: authorizedPermissions }[tokenType];
    if (needed === undefined) throw refuse(request, `a policy for ${tokenType} tokens does not say whose`);
  }
  const seconds = inputs.maxExpirationSeconds;
  return {
    organization: text("organization"),
    name: text("name"),
    url: text("url"),
    maxExpirationSeconds: typeof seconds === "number" ? seconds : undefined,
    policies,
  };
}

function refuse({ type, name }: ResourceRequest, what: string): EscServiceError {
  return new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", `${type} ${name}: ${what}`);
}
