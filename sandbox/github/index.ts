export { type GithubContent, GithubError, GithubRepositories } from "./repositories";
export { createGithubCloud } from "./resources";
