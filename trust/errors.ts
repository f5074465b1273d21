/**
 * What can be wrong with what `trust/` is given. None of these is a decision: a policy that cannot be judged is
 * an error, never an allow and never a silent deny.
 *
 * - `ERR_TRUST_SUBJECT`: a name, id or value cannot stand in a subject, or a subject is not exact.
 * - `ERR_TRUST_PROVIDER`: not the ARN of an IAM OIDC provider, or one of another issuer than the policy is for.
 * - `ERR_TRUST_POLICY_MALFORMED`: the document breaks the policy grammar; IAM would refuse it too.
 * - `ERR_TRUST_POLICY_KIND`: a policy compiled for one use is given for another.
 * - `ERR_TRUST_OPERATOR_UNKNOWN`: a condition operator that this evaluator does not judge.
 * - `ERR_TRUST_VARIABLE_UNSUPPORTED`: a policy variable (`${aws:username}`) where AWS resolves none.
 * - `ERR_TRUST_MULTIVALUED`: an operator without `ForAnyValue:` or `ForAllValues:` meets a key with a list.
 * - `ERR_TRUST_CLAIM`: a claim has a shape that STS does not take.
 * - `ERR_TRUST_REQUEST`: the request to judge is not well formed.
 */
export type TrustErrorCode =
  | "ERR_TRUST_SUBJECT"
  | "ERR_TRUST_PROVIDER"
  | "ERR_TRUST_POLICY_MALFORMED"
  | "ERR_TRUST_POLICY_KIND"
  | "ERR_TRUST_OPERATOR_UNKNOWN"
  | "ERR_TRUST_VARIABLE_UNSUPPORTED"
  | "ERR_TRUST_MULTIVALUED"
  | "ERR_TRUST_CLAIM"
  | "ERR_TRUST_REQUEST";

/** The one error class of `trust/`. `where` is a place in the input, such as `trust policy: Statement[0].Action`. */
export class TrustError extends Error {
  override readonly name = "TrustError";
  readonly code: TrustErrorCode;
  readonly where: string;

  constructor(code: TrustErrorCode, where: string, message: string) {
    super(`${where}: ${message}`);
    this.code = code;
    this.where = where;
  }
}
