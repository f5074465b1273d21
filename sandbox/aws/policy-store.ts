import { type CompiledPolicy, compilePolicy, type PolicyKind, TrustError } from "../../trust/index";
import { AwsError, type AwsErrorCode } from "./errors";

/**
 * Checks the text of a policy when it is stored, as AWS does. It is also refused when it says something that
 * cannot be evaluated here: better then than at the first request.
 *
 * @throws {AwsError} with `code`; the message says where and what, and does not repeat the document.
 */
export function checkPolicy(text: string, kind: PolicyKind, code: AwsErrorCode): CompiledPolicy {
  try {
    return compilePolicy({ kind, document: text });
  } catch (error) {
    if (error instanceof TrustError) throw new AwsError(code, error.message, { cause: error });
    throw error;
  }
}
