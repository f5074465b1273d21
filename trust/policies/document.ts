/** Policy documents as plain data, in the spelling of IAM's JSON grammar. */

export type OneOrMany<T> = T | readonly T[];

/** Who a statement of a trust or resource policy is about. */
export interface PrincipalMap {
  readonly AWS?: OneOrMany<string>;
  readonly Federated?: OneOrMany<string>;
  readonly Service?: OneOrMany<string>;
}

/** Whom a statement is about. */
export type PolicyPrincipal = "*" | PrincipalMap;

/** Operator to condition key to the values that satisfy it. All operators and keys must hold; one value is enough. */
export type PolicyCondition = {
  readonly [operator: string]: { readonly [key: string]: OneOrMany<string | number | boolean> };
};

/** One statement of a policy. */
export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: PolicyPrincipal;
  readonly NotPrincipal?: PolicyPrincipal;
  readonly Action?: OneOrMany<string>;
  readonly NotAction?: OneOrMany<string>;
  readonly Resource?: OneOrMany<string>;
  readonly NotResource?: OneOrMany<string>;
  readonly Condition?: PolicyCondition;
}

/** An IAM policy, as JSON has it. */
export interface PolicyDocument {
  /** `2008-10-17` is what IAM assumes when it is left out. */
  readonly Version?: "2012-10-17" | "2008-10-17";
  readonly Id?: string;
  readonly Statement: OneOrMany<PolicyStatement>;
}
