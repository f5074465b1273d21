export { escLoginClaims } from "./esc-login";
export { type GithubRun, githubRunClaims } from "./github-run";
export { Issuer, type IssuerOptions, type MintOptions } from "./issuer";
export { mintFlawed, type TokenFlaws } from "./mint-flawed";
export { type IssuerServer, startIssuerServer } from "./server";
