import { type EscSubjectArgs, escAudience, escSubject } from "../../trust/index";

/**
 * The claims that ESC puts into the token which `aws-login` hands to STS: the subject and audience of the
 * environment that the login is written in.
 * @see https://www.pulumi.com/docs/esc/guides/configuring-oidc/aws/
 */
export function escLoginClaims(login: EscSubjectArgs): Record<string, string> {
  return { sub: escSubject(login), aud: escAudience(login) };
}
