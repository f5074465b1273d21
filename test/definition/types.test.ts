import assert from "node:assert/strict";
import {
  at,
  awsLogin,
  awsSecrets,
  context,
  environment,
  external,
  fn,
  interpolate,
  pulumiStacks,
  type Reference,
  rotateExternal,
  stack,
} from "../../esc/definition/index";

/*
 * What must not compile. The compiler fails on a `@ts-expect-error` that expects nothing, so `npm test` proves
 * each line below before mocha starts. Run, a misspelt name is undefined and is left out of what is rendered,
 * which the tests assert where the program can know.
 */

const base = environment()
  .value("domain", "example.com")
  .value("aws", { region: "eu-west-1", zones: ["a", "b"] });

describe("The types of a definition", () => {
  it("know what earlier sections and imports declare", () => {
    const { domain, aws } = environment().import("shop/base", base).value("own", 1).references;
    const text: Reference<string> = domain;
    const zone: Reference<string> = aws.zones[1];
    assert.ok(text && zone);
    // @ts-expect-error a misspelt name
    assert.equal(aws.regoin, undefined);
    // @ts-expect-error an index beyond the list
    assert.equal(aws.zones[2], undefined);
    // @ts-expect-error not a number
    const wrong: Reference<number> = domain;
    assert.ok(wrong);
  });

  it("do not know what comes later", () => {
    const definition = environment()
      // @ts-expect-error `later` is declared below
      .value("early", ({ later }) => later)
      .value("later", 1);
    assert.doesNotMatch(definition.render(), /early/);
  });

  it("let an own value hide what it replaces, and keep what it extends", () => {
    const { aws } = environment()
      .import("shop/base", base)
      .value("aws", { region: "us-east-1", zones: "all" }).references;
    const zones: Reference<string> = aws.zones;
    assert.ok(zones);
    const extended = environment().import("shop/base", base).value("aws", { account: "1" }).references;
    assert.ok(extended.aws.region && extended.aws.account);
    // @ts-expect-error a text has no members; run, it has none either, but nobody knows before it is opened
    assert.ok(zones[0] ?? true);
  });

  it("know the outputs of declared stacks", () => {
    const { stacks } = environment().value(
      "stacks",
      pulumiStacks({
        infra: stack<{ ecs_cluster_name: string }>("infra/staging"),
        api: stack("api/staging"),
      }),
    ).references;
    const cluster: Reference<string> = stacks.infra.ecs_cluster_name;
    assert.ok(cluster);
    // @ts-expect-error an output that the stack does not have
    assert.ok(stacks.infra.ecs_cluster);
    // @ts-expect-error a stack that is not read
    assert.ok(stacks.data);
    // @ts-expect-error nothing is said about this stack's outputs: `at` reaches them
    assert.ok(stacks.api.service_name);
    assert.ok(at<string>(stacks.api, "service_name"));
  });

  it("know the entries of aws-secrets, the members of decoded JSON, and an adapter's answer", () => {
    const login = awsLogin({
      roleArn: "arn",
      sessionName: "esc",
      subjectAttributes: ["currentEnvironment.name"],
    });
    const { entries, secrets, asked, rotated } = environment()
      .value("entries", awsSecrets({ region: "eu-west-1", login, get: { database: { secretId: "a" } } }))
      .value("secrets", ({ entries }) => ({ database: fn.fromJSON<{ url: string }>(entries.database) }))
      .value("asked", external<{ apiKey: string }>({ url: "https://adapter.example.com" }))
      .value("rotated", rotateExternal<{ user: string }>({ url: "https://adapter.example.com" })).references;
    assert.ok(secrets.database.url && asked.response.apiKey && rotated.current.user);
    // @ts-expect-error an entry that is not read
    assert.ok(entries.jwt);
    // @ts-expect-error an entry is text until it is decoded
    assert.ok(entries.database.url);
    // @ts-expect-error not a member of the JSON
    assert.ok(secrets.database.uri);
    // @ts-expect-error the answer is under `response`
    assert.ok(asked.apiKey);
    // @ts-expect-error a rotator has `current`
    assert.ok(rotated.previous);
  });

  it("know what may narrow the subject, and that a login is a session", () => {
    // @ts-expect-error not one of the attributes
    awsLogin({ roleArn: "arn", sessionName: "esc", subjectAttributes: ["environment.name"] });
    // @ts-expect-error a role's ARN is not a login
    awsSecrets({ region: "eu-west-1", login: "arn", get: { a: { secretId: "a" } } });
  });

  it("let only scalars be exported and interpolated", () => {
    const { aws, domain } = base.references;
    // @ts-expect-error ESC skips an object without a word
    environment().environmentVariables({ AWS: aws });
    // @ts-expect-error and a list
    environment().environmentVariables({ ZONES: ["a"] });
    // @ts-expect-error and does not say how an object reads as text
    assert.ok(interpolate`region ${aws}`);
    assert.ok(interpolate`region ${aws.region} ${domain}`);
  });

  it("make what configuration may leave out optional", () => {
    const region: string | undefined = process.argv0 === "" ? "eu-west-1" : undefined;
    const { aws } = environment().value("aws", region === undefined ? undefined : { region }).references;
    assert.equal(aws?.region, undefined);
    // @ts-expect-error it may not be there
    assert.throws(() => aws.region, TypeError);
  });

  it("know the execution context", () => {
    const login: Reference<string> = context.pulumi.user.login;
    assert.ok(login);
    // @ts-expect-error not part of the context
    assert.ok(context.pulumi.user.email);
  });

  it("have no way to write a plain secret", () => {
    // @ts-expect-error text is not ciphertext
    assert.throws(() => fn.secret("hunter2"), { code: "ERR_DEFINITION_SECRET" });
  });
});
