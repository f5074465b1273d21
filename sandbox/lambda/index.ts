export { type LambdaHost, type LambdaHostOptions, startLambdaHost } from "./host";
