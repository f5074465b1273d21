import type { Provider } from "../evaluator/types";
import { readEntries } from "./aws-entries";
import type { AwsCaller, AwsSession } from "./aws-session";
import { providerSchemas } from "./schemas";

/** Which parameter of AWS Systems Manager. */
export interface ParameterRequest {
  /** `name`, `name:version` or `name:label`. */
  readonly name: string;
  /** Of a `SecureString` the text rather than the ciphertext. */
  readonly decrypt: boolean;
}

export interface ParameterValue {
  /** `String`, `StringList` or `SecureString`. */
  readonly type: string;
  readonly value: string;
}

export interface AwsParameterStoreOptions {
  /** `GetParameter`. Rejects with AWS's own code as the error's name, as the AWS SDK does. */
  readonly getParameter: (caller: AwsCaller, request: ParameterRequest) => Promise<ParameterValue>;
}

interface AwsParameterStoreInputs {
  readonly region: string;
  readonly login: AwsSession;
  readonly get: Readonly<Record<string, { readonly name: string; readonly decrypt?: boolean }>>;
}

/**
 * What ESC's `fn::open::aws-parameter-store` does: values of Parameter Store, a `StringList` as a list. ESC's schema
 * calls every value a string nevertheless, so that a check refuses `${parameters.list[0]}`.
 *
 * All values are secret here: ESC's documentation does not say which it marks, and this way none gets out.
 */
export function createAwsParameterStoreProvider({ getParameter }: AwsParameterStoreOptions): Provider {
  return {
    ...providerSchemas["aws-parameter-store"],
    async open(inputs, { signal }) {
      const { region, login: session, get } = inputs as AwsParameterStoreInputs;
      return readEntries(get, async ({ name, decrypt = false }) => {
        const { type, value } = await getParameter({ session, region, signal }, { name, decrypt });
        return type === "StringList" ? value.split(",") : value;
      });
    },
  };
}
