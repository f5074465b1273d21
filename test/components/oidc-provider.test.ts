import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { OidcProvider, type OidcProviderArgs, OidcProviderMode } from "../../components/oidc-provider";
import { awsAccount, providerArn } from "../support/aws";
import { isUnknown, type MockOptions, mockPulumi, outputValue, settled } from "../support/pulumi";
import { programFailure } from "../support/rejections";

const TYPE = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
const issuer = "https://api.pulumi.com/oidc";
const audience = "aws:acme";

async function create(args: Partial<OidcProviderArgs> = {}, options: MockOptions = {}) {
  const recorder = await mockPulumi({
    outputs: (_, __, { url }): Record<string, unknown> =>
      options.preview || url === undefined ? {} : { arn: providerArn(String(url)) },
    ...options,
  });
  const seen: pulumi.ResourceTransformationArgs[] = [];
  const provider = new OidcProvider(
    "pulumi",
    { issuer, audience, ...args },
    { transformations: [(args) => void seen.push(args)] },
  );
  return { provider, recorder, seen };
}

/** The one plain line with which the preview of such a program fails. */
async function failure(args: Partial<OidcProviderArgs>, calls: MockOptions["calls"]): Promise<string> {
  await create(args, { calls, preview: true });
  const error = await programFailure();
  assert.ok(pulumi.ResourceError.isInstance(error) && error.hideStack, "it is not one plain line");
  return (error as Error).message;
}

describe("OidcProvider", () => {
  it("creates the provider without thumbprints, looking nothing up", async () => {
    const { provider, recorder } = await create({ mode: OidcProviderMode.Create, tags: { team: "web" } });
    assert.equal(await outputValue(provider.arn), providerArn(issuer));
    await settled();
    assert.deepEqual(recorder.find(TYPE, "pulumi-provider").inputs, {
      url: issuer,
      clientIdLists: [audience],
      tags: { team: "web" },
    });
    assert.deepEqual(recorder.parentage(), {
      pulumi: "escapement:index:OidcProvider",
      "pulumi-provider": `escapement:index:OidcProvider$${TYPE}`,
    });
    assert.deepEqual(recorder.registeredOutputs("pulumi"), ["arn"]);
  });

  it("keeps a created provider from being destroyed, and the audiences that others add to it", async () => {
    const { seen } = await create({ mode: OidcProviderMode.Create });
    await settled();
    const created = seen.filter(({ type }) => type === TYPE).map(({ opts }) => opts);
    assert.deepEqual(
      created.map(({ protect, retainOnDelete, ignoreChanges }) => ({
        protect,
        retainOnDelete,
        ignoreChanges,
      })),
      [{ protect: true, retainOnDelete: true, ignoreChanges: ["clientIdLists"] }],
    );
  });

  it("does not know the ARN before the provider exists", async () => {
    const { provider } = await create({ mode: OidcProviderMode.Create }, { preview: true });
    assert.equal(await isUnknown(provider.arn), true);
    await settled();
  });

  for (const preview of [false, true]) {
    it(`adopts by default, creating nothing ${preview ? "in preview" : "in up"}`, async () => {
      const calls = awsAccount({ providers: { [issuer]: ["aws:other", audience] } });
      const { provider, recorder } = await create({}, { calls, preview });
      assert.equal(await outputValue(provider.arn), providerArn(issuer));
      await settled();
      assert.deepEqual(recorder.ofType(TYPE), []);
    });
  }
});

describe("An OidcProvider that cannot be adopted", () => {
  it("fails the preview with the command that adds the missing audience", async () => {
    const calls = awsAccount({ providers: { [issuer]: ["aws:other"] } });
    const line =
      "this account's IAM OIDC provider for https://api.pulumi.com/oidc does not accept the audience aws:acme: run " +
      "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn " +
      "arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc --client-id aws:acme";
    const reported = await failure({ mode: OidcProviderMode.Adopt }, calls);
    assert.equal(reported.slice(-line.length), line);
  });

  it("fails the preview with the stack to bring up when the account has no such provider", async () => {
    assert.match(await failure({}, awsAccount()), /run "pulumi up -s base" first, which creates it/);
  });
});

describe("An OidcProvider that is skipped", () => {
  for (const partition of ["aws", "aws-cn", "aws-us-gov"]) {
    it(`has the ARN that IAM gives it in ${partition}, looking no provider up`, async () => {
      const calls = awsAccount({ partition });
      const { provider, recorder } = await create({ mode: OidcProviderMode.Skip }, { calls, preview: true });
      assert.equal(await outputValue(provider.arn), providerArn(issuer, partition));
      await settled();
      assert.deepEqual(recorder.ofType(TYPE), []);
    });
  }
});

describe("OidcProvider's arguments", () => {
  it("are refused all at once", async () => {
    await assert.rejects(create({ issuer: "http://issuer/", audience: "a b; rm" }), (error: Error) => {
      assert.match(error.message, /issuer: "http:\/\/issuer\/" must be .*audience: "a b; rm" must be /);
      return true;
    });
    await settled();
  });
});
