import * as pulumi from "@pulumi/pulumi";
import {
  type AdapterConfigArgs,
  checkAdapterConfigArgs,
  OPEN_PATH,
  renderAdapterConfig,
} from "./adapter-config";
import {
  type AdapterFunctionArgs,
  type AdapterKind,
  adapterNames,
  checkAdapterFunctionArgs,
  createAdapterFunction,
  type SharedResources,
} from "./adapter-function";
import type { AdapterRoute } from "./adapter-http-api";
import { NORTHFLANK_PATH } from "./adapter-northflank";
import { adapterPolicy } from "./adapter-permissions";
import { readingStatements } from "./adapter-sources";
import { refuse } from "./args";

export interface AdapterLambdaArgs extends AdapterConfigArgs, AdapterFunctionArgs {}

const OPENS: AdapterKind = {
  suffix: "adapter",
  path: OPEN_PATH,
  answers: "fn::open::external",
  title: "ESC adapter",
  leastTimeoutSeconds: 1,
};

const NORTHFLANK_ROUTE: AdapterRoute = { name: "northflank", method: "GET", path: NORTHFLANK_PATH };

/**
 * The adapter behind `fn::open::external`: a Lambda function with a public address, which answers only requests
 * that carry ESC's token for this address, this organization and an environment that `rules` list.
 *
 * By default the address is a function URL without IAM, for ESC cannot sign requests for AWS: its token is what
 * authenticates, and no source is asked before all of it has been verified. The AWS provider itself grants the
 * public the two permissions that such a URL needs, so none is created here. The token's audience is the full
 * address, which exists only after the function: it is written to an SSM parameter that the function reads when
 * it starts, and until then it answers 503. With an HTTP API the address is known first and lies in the
 * configuration; only `POST` on its one route gets through, throttled and logged (and `GET` on Northflank's).
 *
 * The function's role can read what the rules open, by the `statements` of their sources, write the replay table, read
 * that parameter and write its own logs. Nothing secret is in its configuration.
 *
 * @throws ResourceError listing every argument that cannot be used; and for an `entry` that cannot be bundled.
 * @see https://www.pulumi.com/docs/esc/providers/external/
 */
export class AdapterLambda extends pulumi.ComponentResource {
  /** The full address, for `url` of `fn::open::external`, and the audience of ESC's tokens byte for byte. */
  readonly url: pulumi.Output<string>;
  /** With `northflank`: the address to give to Northflank. */
  readonly northflankUrl?: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;
  readonly functionArn: pulumi.Output<string>;
  /** To let your own sources do more, attach policies to this role. */
  readonly roleArn: pulumi.Output<string>;
  readonly roleName: pulumi.Output<string>;
  /** The SSM parameter that holds `url`. None with an HTTP API. */
  readonly audienceParameterName?: pulumi.Output<string>;
  /** With a custom domain: what its DNS record (CNAME, or alias in `domainZoneId`) points at. */
  readonly domainTarget?: pulumi.Output<string>;
  /** The hosted zone of `domainTarget`, for an alias record. */
  readonly domainZoneId?: pulumi.Output<string>;
  /** The DynamoDB table of tokens that have been used. */
  readonly tableName: pulumi.Output<string>;

  constructor(name: string, args: AdapterLambdaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:AdapterLambda", name, {}, opts);
    refuse([...checkAdapterFunctionArgs(args, OPENS), ...checkAdapterConfigArgs(args)], this);
    const names = adapterNames(args, OPENS);
    const content = {
      config: (audience: pulumi.Output<string> | undefined) =>
        renderAdapterConfig(args, { ...names, audience }),
      permissions: (shared: pulumi.Output<SharedResources>) =>
        pulumi
          .all([shared, readingStatements(args, shared, this)])
          .apply(([shared, reading]) => adapterPolicy({ ...shared, reading })),
    };
    const routes = args.northflank === undefined ? [] : [NORTHFLANK_ROUTE];
    const adapter = createAdapterFunction(name, { args, kind: OPENS, content, routes }, this);

    this.url = adapter.url;
    if (args.northflank !== undefined) {
      this.northflankUrl = adapter.url.apply((url) => url.slice(0, -OPEN_PATH.length) + NORTHFLANK_PATH);
    }
    this.functionName = adapter.function.name;
    this.functionArn = adapter.function.arn;
    this.roleArn = adapter.role.arn;
    this.roleName = adapter.role.name;
    this.audienceParameterName = adapter.audienceParameterName;
    this.domainTarget = adapter.domain?.domainNameConfiguration.targetDomainName;
    this.domainZoneId = adapter.domain?.domainNameConfiguration.hostedZoneId;
    this.tableName = adapter.replayTable.name;
    this.registerOutputs({
      url: this.url,
      northflankUrl: this.northflankUrl,
      functionName: this.functionName,
      functionArn: this.functionArn,
      roleArn: this.roleArn,
      roleName: this.roleName,
      audienceParameterName: this.audienceParameterName,
      domainTarget: this.domainTarget,
      domainZoneId: this.domainZoneId,
      tableName: this.tableName,
    });
  }
}
