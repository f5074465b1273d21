import { createServer } from "node:http";
import { EscRequestValidator, type EscRequestValidatorOptions } from "escapement/adapter";

const quotas: Readonly<Record<string, number>> = { small: 10, large: 100 };

/** A service that two environments of one organization may ask, through ESC and in no other way. */
export function createQuotaService(options: Partial<EscRequestValidatorOptions> = {}) {
  const validator = new EscRequestValidator({
    organization: "acme",
    audience: "https://quotas.example.com/open",
    environments: ["shop/staging", "shop/prod"],
    ...options,
  });
  return createServer(validator.guard(({ request }) => ({ quota: quotas[String(request.plan)] ?? 0 })));
}

if (require.main === module) createQuotaService().listen(8080);
