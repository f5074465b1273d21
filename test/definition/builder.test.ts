// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of ESC look like those of JavaScript

import assert from "node:assert/strict";
import {
  at,
  awsLogin,
  awsSecrets,
  context,
  DefinitionError,
  type DefinitionErrorCode,
  environment,
  external,
  fn,
  interpolate,
  otherEnvironment,
  pulumiStacks,
  rotateExternal,
  stack,
  type Value,
} from "../../esc/definition/index";

const ROLE = "arn:aws:iam::123456789012:role/escapement-staging-esc";
/** An envelope as ESC writes it, around four bytes. */
const CIPHERTEXT = Buffer.concat([Buffer.from("escx"), Buffer.from([0, 0, 0, 1]), Buffer.alloc(8)]).toString(
  "base64",
);

function refuses(code: DefinitionErrorCode, make: () => unknown, message?: RegExp): void {
  assert.throws(make, (error) => {
    assert.ok(error instanceof DefinitionError, String(error));
    assert.equal(error.code, code);
    if (message) assert.match(error.message, message);
    return true;
  });
}

function lines(...text: string[]): string {
  return `${text.join("\n")}\n`;
}

describe("A definition", () => {
  it("is rendered as a person would write it", () => {
    const base = environment().value("domain", "example.com").value("ports", { api: 8080, "a-b": 1 });
    const definition = environment({
      description: "What staging runs with",
      comment: "Generated: do not edit.\nSee docs.",
    })
      .import("shop/base", base)
      .import("shop/more@7", environment().value("flags", ["a", "b"]))
      .value(
        "urls",
        ({ domain, ports }) => ({ api: interpolate`https://api.${domain}:${ports.api}`, odd: ports["a-b"] }),
        "Composed",
      )
      .value("notes", {
        yes: "no",
        on: true,
        version: "1.20",
        empty: "",
        none: null,
        zip: "01234",
        list: [],
        map: {},
      })
      .value("lines", "one\ntwo\n")
      .environmentVariables(({ urls, flags }) => ({ API_URL: urls.api, FLAG: at<string>(flags, 0) }))
      .files({ BANNER: "hello: world" })
      .pulumiConfig(({ domain }) => ({ "shop:domain": domain }));
    assert.equal(
      definition.render(),
      lines(
        "# Generated: do not edit.",
        "# See docs.",
        "",
        "description: What staging runs with",
        "",
        "imports:",
        "  - shop/base",
        "  - shop/more@7",
        "",
        "values:",
        "  # Composed",
        "  urls:",
        "    api: https://api.${domain}:${ports.api}",
        '    odd: ${ports["a-b"]}',
        "",
        "  notes:",
        '    "yes": "no"',
        '    "on": true',
        '    version: "1.20"',
        '    empty: ""',
        "    none: null",
        '    zip: "01234"',
        "    list: []",
        "    map: {}",
        "",
        "  lines: |",
        "    one",
        "    two",
        "",
        "  environmentVariables:",
        "    API_URL: ${urls.api}",
        "    FLAG: ${flags[0]}",
        "",
        "  files:",
        '    BANNER: "hello: world"',
        "",
        "  pulumiConfig:",
        "    shop:domain: ${domain}",
      ),
    );
  });

  it("never changes: a method answers a new one", () => {
    const first = environment().value("a", 1);
    first.value("b", 2);
    assert.equal(first.render(), lines("values:", "  a: 1"));
  });

  it("never makes a reference of plain text", () => {
    const definition = environment().value("a", "${b}").value("o", { "${k}": "$$" });
    assert.equal(definition.render(), lines("values:", "  a: $${b}", "", "  o:", "    $${k}: $$$"));
  });

  it("leaves out what is undefined, and gives undefined to what refers to it", () => {
    const options: { region?: string } = {};
    const definition = environment()
      .value("aws", options.region === undefined ? undefined : { region: options.region })
      .value("urls", { api: "https://api.example.com", docs: undefined as string | undefined })
      .environmentVariables(({ aws, urls }) => ({
        REGION: aws?.region,
        API_URL: urls.api,
        DOCS_URL: urls.docs,
      }));
    assert.equal(
      definition.render(),
      lines(
        "values:",
        "  urls:",
        "    api: https://api.example.com",
        "",
        "  environmentVariables:",
        "    API_URL: ${urls.api}",
      ),
    );
  });

  it("refers to what an import declares below what it overrides itself", () => {
    const base = environment().value("aws", { region: "eu-west-1", partition: "aws" });
    const definition = environment()
      .import("shop/base", base)
      .value("aws", { region: "us-east-1" })
      .value("arn", ({ aws }) => interpolate`arn:${aws.partition}:s3:${aws.region}`);
    assert.match(definition.render(), /arn: arn:\$\{aws\.partition\}:s3:\$\{aws\.region\}/);
  });

  it("writes every function of the language", () => {
    const definition = environment()
      .value("parts", ["a", "b"])
      .value("text", "a,b")
      .value("concat", ({ parts }) => fn.concat(parts, ["c"]))
      .value("final", fn.final({ a: 1 }))
      .value("fromBase64", fn.fromBase64("YQ=="))
      .value("fromJSON", fn.fromJSON('{"a":1}'))
      .value("join", ({ parts }) => fn.join(",", [at<string>(parts, 0), "z"]))
      .value("open", fn.open("vault-login", { address: "https://vault.example.com" }))
      .value("rotate", fn.rotate("password", { inputs: { length: 20 } }))
      .value("secret", fn.secret({ ciphertext: CIPHERTEXT }))
      .value("split", ({ text }) => fn.split(",", text))
      .value("toBase64", ({ text }) => fn.toBase64(text))
      .value("toJSON", ({ parts }) => fn.toJSON(parts))
      .value("toString", ({ parts }) => fn.toString(parts))
      .value("toYAML", fn.toYAML({ a: 1 }))
      .value("validate", ({ text }) => fn.validate({ type: "string" }, text));
    assert.equal(
      definition.render().split("\n\n  concat:")[1],
      [
        "",
        "    fn::concat:",
        "      - ${parts}",
        "      - - c",
        "",
        "  final:",
        "    fn::final:",
        "      a: 1",
        "",
        "  fromBase64:",
        "    fn::fromBase64: YQ==",
        "",
        "  fromJSON:",
        "    fn::fromJSON: '{\"a\":1}'",
        "",
        "  join:",
        "    fn::join:",
        '      - ","',
        "      - - ${parts[0]}",
        "        - z",
        "",
        "  open:",
        "    fn::open::vault-login:",
        "      address: https://vault.example.com",
        "",
        "  rotate:",
        "    fn::rotate::password:",
        "      inputs:",
        "        length: 20",
        "",
        "  secret:",
        "    fn::secret:",
        `      ciphertext: ${CIPHERTEXT}`,
        "",
        "  split:",
        "    fn::split:",
        '      - ","',
        "      - ${text}",
        "",
        "  toBase64:",
        "    fn::toBase64: ${text}",
        "",
        "  toJSON:",
        "    fn::toJSON: ${parts}",
        "",
        "  toString:",
        "    fn::toString: ${parts}",
        "",
        "  toYAML:",
        "    fn::toYAML:",
        "      a: 1",
        "",
        "  validate:",
        "    fn::validate:",
        "      schema:",
        "        type: string",
        "      value: ${text}",
        "",
      ].join("\n"),
    );
  });

  it("writes the providers' inputs", () => {
    const login = awsLogin({
      roleArn: ROLE,
      sessionName: interpolate`esc-${context.pulumi.user.login}`,
      policyArns: [ROLE],
    });
    const definition = environment()
      .value("stacks", pulumiStacks({ infra: stack("infra/staging") }))
      .value(
        "entries",
        awsSecrets({
          region: "eu-west-1",
          login,
          get: { db: { secretId: "db", versionStage: "AWSCURRENT" } },
        }),
      )
      .value(
        "asked",
        external({ url: "https://adapter.example.com/open", request: { name: "x" }, secret: false }),
      )
      .value(
        "rotated",
        rotateExternal({
          url: "https://adapter.example.com/rotate",
          state: { current: { password: fn.secret({ ciphertext: CIPHERTEXT }) } },
        }),
      )
      .value("address", otherEnvironment<{ url: string }>("shop/other-one@live").url);
    assert.equal(
      definition.render(),
      lines(
        "values:",
        "  stacks:",
        "    fn::open::pulumi-stacks:",
        "      stacks:",
        "        infra:",
        "          stack: infra/staging",
        "",
        "  entries:",
        "    fn::open::aws-secrets:",
        "      region: eu-west-1",
        "      login:",
        "        fn::open::aws-login:",
        "          oidc:",
        `            roleArn: ${ROLE}`,
        "            sessionName: esc-${context.pulumi.user.login}",
        "            policyArns:",
        `              - ${ROLE}`,
        "      get:",
        "        db:",
        "          secretId: db",
        "          versionStage: AWSCURRENT",
        "",
        "  asked:",
        "    fn::open::external:",
        "      url: https://adapter.example.com/open",
        "      request:",
        "        name: x",
        "      secret: false",
        "",
        "  rotated:",
        "    fn::rotate::external:",
        "      inputs:",
        "        url: https://adapter.example.com/rotate",
        "      state:",
        "        current:",
        "          password:",
        "            fn::secret:",
        `              ciphertext: ${CIPHERTEXT}`,
        "",
        '  address: ${environments.shop["other-one@live"].url}',
      ),
    );
  });
});

describe("A definition refuses", () => {
  const login = () => awsLogin({ roleArn: ROLE, sessionName: "esc" });

  it("a plain secret, without repeating it", () => {
    assert.throws(
      () => fn.secret({ ciphertext: "hunter2hunter2" }),
      (error) =>
        error instanceof DefinitionError &&
        error.code === "ERR_DEFINITION_SECRET" &&
        !error.message.includes("hunter2"),
    );
    refuses("ERR_DEFINITION_KEY", () => environment().value("a", { "fn::secret": "hunter2" }).render());
  });

  it("a call written as a key, in any letter case", () => {
    for (const key of ["fn::toJSON", "FN::open::x", "fn::"]) {
      refuses("ERR_DEFINITION_KEY", () =>
        environment()
          .value("a", { [key]: 1 })
          .render(),
      );
      refuses("ERR_DEFINITION_KEY", () => environment().value(key, 1));
    }
  });

  it("a value that is reserved, empty or declared already", () => {
    for (const name of ["imports", "context", "environments", ""]) {
      refuses("ERR_DEFINITION_KEY", () => environment().value(name, 1));
    }
    refuses("ERR_DEFINITION_KEY", () => environment().value("a", 1).value("a", 2), /"a" is declared already/);
  });

  it("an import without its project, and one after a value", () => {
    for (const name of ["base", "/base", "shop/", "acme/shop/base", "shop/base x"]) {
      refuses("ERR_DEFINITION_KEY", () => environment().import(name, environment()));
    }
    refuses("ERR_DEFINITION_ORDER", () => environment().value("a", 1).import("shop/base", environment()));
  });

  it("another environment's name that is not project/name", () => {
    for (const name of ["base", "shop/", "a/b/c"]) {
      refuses("ERR_DEFINITION_REFERENCE", () => otherEnvironment(name));
    }
  });

  it("an AWS session anywhere but in the login of a provider", () => {
    const exported: Value[] = [
      login(),
      { login: login() },
      fn.toJSON({ login: login() }),
      fn.open("vault-secrets", { token: login() }),
      external({ url: "https://adapter.example.com", request: { login: login() } }),
    ];
    for (const value of exported) {
      refuses("ERR_DEFINITION_LOGIN", () => environment().value("aws", value).render());
    }
    const used: Value[] = [
      fn.open("aws-parameter-store", { region: "eu-west-1", login: login(), get: { a: { name: "a" } } }),
      fn.rotate("postgres", { inputs: { database: { connector: { awsLambda: { login: login() } } } } }),
    ];
    for (const value of used) assert.match(environment().value("a", value).render(), /fn::open::aws-login/);
  });

  it("inputs that the provider would refuse", () => {
    for (const name of ["infra", "acme/infra/staging", "infra/", "a b/c"]) {
      refuses("ERR_DEFINITION_INPUT", () => stack(name));
    }
    refuses("ERR_DEFINITION_INPUT", () => pulumiStacks({}));
    refuses("ERR_DEFINITION_INPUT", () => awsSecrets({ region: "eu-west-1", login: login(), get: {} }));
    refuses("ERR_DEFINITION_INPUT", () => external({ url: "http://adapter.example.com" }));
    refuses("ERR_DEFINITION_INPUT", () => rotateExternal({ url: "adapter.example.com" }));
    refuses("ERR_DEFINITION_INPUT", () => fn.open("Vault Login", {}));
  });

  it("a reference where text is expected", () => {
    const { domain } = environment().value("domain", "example.com").references;
    refuses("ERR_DEFINITION_REFERENCE", () => `https://${domain}`, /\$\{domain\} is not text/);
    refuses("ERR_DEFINITION_REFERENCE", () => ({ ...domain }), /no members to copy/);
    refuses("ERR_DEFINITION_REFERENCE", () => interpolate`${domain}`, /fn\.toString/);
  });

  it("an interpolation of something undefined, or of a call", () => {
    refuses("ERR_DEFINITION_REFERENCE", () => interpolate`a${undefined as unknown as string}`);
    refuses("ERR_DEFINITION_REFERENCE", () => interpolate`a${fn.toBase64("x") as unknown as string}`);
  });

  it("what YAML cannot carry", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "half of \ud83d"]) {
      refuses("ERR_DEFINITION_VALUE", () => environment().value("a", [value]).render(), /a\[0\]/);
    }
    refuses("ERR_DEFINITION_VALUE", () => environment().value("a", 1, "bell \u0007").render());
    refuses("ERR_DEFINITION_VALUE", () => environment({ comment: "a\r\nvalues: {}" }).value("a", 1).render());
  });
});
