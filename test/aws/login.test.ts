import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { escLoginClaims, type GithubRun, githubRunClaims, Issuer } from "../../sandbox/issuers/index";
import { githubSubjects, githubTrustPolicy, PULUMI_ISSUER } from "../../trust/index";
import { allow, githubProviderArn, Laptop, stagingTrust } from "./laptop";
import { send } from "./signed-request";

const roleArn = "arn:aws:iam::123456789012:role/esc-staging";
const notAuthorized = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
const invalid = "InvalidIdentityToken";
const noKeys =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

/** What ESC presents for the staging environment; `change` makes one claim another. */
function claims(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...escLoginClaims({
      organization: "acme",
      environment: "escapement/staging",
      subjectAttributes: ["currentEnvironment.name"],
    }),
    ...change,
  };
}

describe("A login by a token", () => {
  const laptop = new Laptop();
  before(async () => {
    await laptop.start();
    laptop.registerProviders();
    laptop.role("esc-staging", stagingTrust(), allow("secretsmanager:GetSecretValue", "*"), {
      maxSessionDurationSeconds: 7200,
    });
  });
  afterEach(() => {
    laptop.ahead = 0;
  });
  after(() => laptop.stop());

  const login = (WebIdentityToken: string, change: Record<string, unknown> = {}) =>
    laptop.sts().send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn,
        RoleSessionName: "alice",
        WebIdentityToken,
        ...change,
      }),
    );

  interface Refused {
    readonly code: string;
    readonly message: string;
    readonly status?: number;
    /** What the decision says; none is taken when the request itself is malformed. */
    readonly because?: RegExp;
  }

  async function refuses(outcome: Promise<unknown>, { code, message, status = 400, because }: Refused) {
    await assert.rejects(outcome, (error: Error & { $metadata?: { httpStatusCode?: number } }) => {
      assert.deepEqual(
        [error.name.replace(/(?<=InvalidIdentityToken|IDPCommunicationError)Exception$/, ""), error.message],
        [code, message],
      );
      assert.equal(error.$metadata?.httpStatusCode, status);
      return true;
    });
    if (!because) return;
    assert.equal(laptop.lastDecision.allowed, false);
    assert.match(laptop.lastDecision.because, because);
    assert.deepEqual(laptop.lastDecision.error, { code, message });
  }

  it("opens a session, and says which condition let it in", async () => {
    const answer = await login(await laptop.pulumi.mint(claims()));
    const { Credentials: keys, AssumedRoleUser: user } = answer;
    assert.equal(user?.Arn, "arn:aws:sts::123456789012:assumed-role/esc-staging/alice");
    assert.match(user?.AssumedRoleId ?? "", /^AROA[A-Z2-7]{17}:alice$/);
    assert.equal(answer.Audience, "aws:acme");
    assert.equal(answer.SubjectFromWebIdentityToken, claims().sub);
    assert.equal(answer.Provider, "arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc");
    const seconds = (Number(keys?.Expiration) - Date.now()) / 1000;
    assert.ok(seconds > 3590 && seconds <= 3600);
    assert.match(laptop.lastDecision.because, /^allowed: trust policy, EscLogin: StringEquals .*oidc:sub/);
    assert.equal(laptop.lastDecision.who, `${claims().sub} (${PULUMI_ISSUER})`);

    const session = {
      accessKeyId: keys?.AccessKeyId as string,
      secretAccessKey: keys?.SecretAccessKey as string,
      sessionToken: keys?.SessionToken as string,
    };
    const identity = await laptop.sts(session).send(new GetCallerIdentityCommand({}));
    assert.deepEqual(
      [identity.Account, identity.Arn, identity.UserId],
      ["123456789012", user?.Arn, user?.AssumedRoleId],
    );
  });

  it("opens the tagged revision's session too, and that of no other", async () => {
    const of = (environment: string) =>
      laptop.pulumi.mint(
        escLoginClaims({
          organization: "acme",
          environment,
          subjectAttributes: ["currentEnvironment.name"],
        }),
      );
    await login(await of("escapement/staging@live"));
    await refuses(login(await of("escapement/staging@next")), {
      code: "AccessDenied",
      message: notAuthorized,
      status: 403,
      because: /StringEquals .*oidc:sub\n.*staging@next"$/,
    });
  });

  const changedClaims: (Refused & { title: string; change: Record<string, unknown> })[] = [
    {
      title: "another environment",
      change: { sub: `${claims().sub}x` },
      code: "AccessDenied",
      message: notAuthorized,
      status: 403,
      because: /^denied: trust policy, EscLogin: StringEquals .*oidc:sub\n/,
    },
    {
      title: "an environment of another project",
      change: escLoginClaims({
        organization: "acme",
        environment: "other/staging",
        subjectAttributes: ["currentEnvironment.name"],
      }),
      code: "AccessDenied",
      message: notAuthorized,
      status: 403,
      because: /oidc:sub/,
    },
    {
      title: "the subject of every stack's anonymous environment",
      change: escLoginClaims({
        organization: "acme",
        environment: "escapement/staging",
        rootEnvironment: "<yaml>",
      }),
      code: "AccessDenied",
      message: notAuthorized,
      status: 403,
      because: /oidc:sub/,
    },
    {
      title: "an audience that is not registered",
      change: { aud: "aws:evil" },
      code: invalid,
      message: "Incorrect token audience",
      because: /the audience aws:evil is not among those registered for api\.pulumi\.com\/oidc: aws:acme/,
    },
    {
      title: "two audiences",
      change: { aud: ["aws:acme", "aws:evil"] },
      code: invalid,
      message: "Incorrect token audience",
      because: /not exactly one/,
    },
    {
      title: "an authorised party that is not registered",
      change: { azp: "evil" },
      code: invalid,
      message: "Incorrect token audience",
      because: /the audience evil/,
    },
    {
      title: "an issuer that is not registered",
      change: { iss: "https://evil.example" },
      code: invalid,
      message: "No OpenIDConnect provider found in your account for https://evil.example",
      because: /no OIDC provider for the issuer https:\/\/evil\.example/,
    },
    {
      title: "the other registered issuer's name",
      change: { iss: "https://token.actions.githubusercontent.com" },
      code: invalid,
      message: noKeys,
      because: /none of the issuer's keys has the token's key id/,
    },
    {
      title: "no subject",
      change: { sub: undefined },
      code: invalid,
      message: "Missing a required claim: sub",
      because: /sub is missing/,
    },
    {
      title: "no end",
      change: { exp: undefined },
      code: invalid,
      message: "Missing a required claim: exp",
      because: /exp is missing/,
    },
    {
      title: "an end with a fraction",
      change: { exp: Date.now() / 1000 + 60.5 },
      code: invalid,
      message: "Missing a required claim: exp",
      because: /exp is missing or malformed/,
    },
    {
      title: "no time of issue",
      change: { iat: undefined },
      code: invalid,
      message: "Missing a required claim: iat",
      because: /iat is missing/,
    },
    {
      title: "a time of issue in the future",
      change: { iat: Math.floor(Date.now() / 1000) + 3600 },
      code: invalid,
      message: "Token must be issued in the past.",
      because: /from the future/,
    },
  ];
  for (const { title, change, ...refused } of changedClaims) {
    it(`is refused with ${title}: ${refused.code}`, async () => {
      await refuses(login(await laptop.pulumi.mint(claims(change))), refused);
    });
  }

  it("is refused once the token has expired, five minutes of leeway past", async () => {
    const token = await laptop.pulumi.mint(claims(), { expiresInSeconds: 60 });
    laptop.ahead = 60_000 + 240_000;
    await login(token);
    laptop.ahead = 60_000 + 300_000;
    await assert.rejects(login(token), (error: Error) => {
      assert.equal(error.name, "ExpiredTokenException");
      assert.match(
        error.message,
        /^Token expired: current date\/time \d{10} must be before the expiration date\/time\d{10}$/,
      );
      return true;
    });
    assert.match(laptop.lastDecision.because, /^denied: the token expired at /);
  });

  it("is refused when somebody else signed the token", async () => {
    const impostor = new Issuer({ url: PULUMI_ISSUER });
    await refuses(login(await impostor.mint(claims())), {
      code: invalid,
      message: noKeys,
      because: /none of the issuer's keys has the token's key id/,
    });
  });

  it("is refused when a claim was changed after the signature, or the signature itself", async () => {
    const [head, , signature] = (await laptop.pulumi.mint(claims())).split(".") as [string, string, string];
    const other = Buffer.from(JSON.stringify({ iss: PULUMI_ISSUER, ...claims({ sub: "any" }) })).toString(
      "base64url",
    );
    const own = (await laptop.pulumi.mint(claims())).split(".")[1] as string;
    for (const token of [`${head}.${other}.${signature}`, `${head}.${own}.${"A".repeat(signature.length)}`]) {
      await refuses(login(token), {
        code: invalid,
        message: "The web identity token that was passed could not be validated by AWS.",
        because: /the token's signature is not by the issuer's key/,
      });
    }
  });

  it("is refused when the token is not signed, signed with the public key as a secret, or no token", async () => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const payload = encode({ iss: PULUMI_ISSUER, iat: 1, exp: 4_000_000_000, ...claims() });
    const { keys } = await laptop.pulumi.jwks();
    const head = encode({ alg: "HS256", kid: keys[0]?.kid });
    const mac = createHmac("sha256", JSON.stringify(keys[0]))
      .update(`${head}.${payload}`)
      .digest("base64url");
    for (const token of [
      `${encode({ alg: "none" })}.${payload}.`,
      `${head}.${payload}.${mac}`,
      "no token at all",
    ]) {
      await refuses(login(token), {
        code: invalid,
        message:
          "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        because: /./,
      });
    }
  });

  it("is refused at a role that does not exist, in the same words", async () => {
    const token = await laptop.pulumi.mint(claims());
    await refuses(login(token, { RoleArn: `${roleArn}-x` }), {
      code: "AccessDenied",
      message: notAuthorized,
      status: 403,
      because: /role\/esc-staging-x does not exist/,
    });
    await refuses(login(token, { RoleArn: roleArn.replace("123456789012", "210987654321") }), {
      code: invalid,
      message: `No OpenIDConnect provider found in your account for ${PULUMI_ISSUER}`,
      because: /account 210987654321 has no OIDC provider/,
    });
  });

  it("follows the issuer's keys: new ones are found, forgotten ones count no more", async () => {
    const old = await laptop.pulumi.mint(claims());
    await laptop.pulumi.rotateKeys();
    await login(old);
    await login(await laptop.pulumi.mint(claims()));
    await laptop.pulumi.rotateKeys({ forget: true });
    await login(await laptop.pulumi.mint(claims()));
    await refuses(login(old), { code: invalid, message: noKeys });
  });

  it("is refused while the issuer cannot be reached, and taken afterwards", async () => {
    const other = new Laptop();
    await other.start();
    try {
      other.registerProviders();
      other.role("esc-staging", stagingTrust(), allow("secretsmanager:GetSecretValue", "*"));
      const token = await other.pulumi.mint(claims());
      const known = other.routes.toJSON()[PULUMI_ISSUER] as string;
      other.routes.set(PULUMI_ISSUER, `${known}/gone`);
      const send = () =>
        other.sts().send(
          new AssumeRoleWithWebIdentityCommand({
            RoleArn: roleArn,
            RoleSessionName: "al",
            WebIdentityToken: token,
          }),
        );
      await assert.rejects(send(), { name: "IDPCommunicationErrorException", message: noKeys });
      assert.match(other.lastDecision.because, /the issuer's configuration answers 404/);
      other.routes.set(PULUMI_ISSUER, known);
      await send();
    } finally {
      await other.stop();
    }
  });

  it("says what is wrong with the parameters, all at once, and repeats no token", async () => {
    await refuses(login("a", { RoleSessionName: "a:b", DurationSeconds: 899 }), {
      code: "ValidationError",
      message:
        "3 validation errors detected: " +
        "Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*; " +
        "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4; " +
        "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    });
    await refuses(login("long enough", { DurationSeconds: 43_201 }), {
      code: "ValidationError",
      message:
        "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
    });
    await refuses(login("long enough", { RoleArn: "nothing-valid-in-here" }), {
      code: "ValidationError",
      message: "nothing-valid-in-here is invalid",
    });
  });

  it("lasts no longer than the role allows", async () => {
    const token = await laptop.pulumi.mint(claims());
    await login(token, { DurationSeconds: 7200 });
    await refuses(login(token, { DurationSeconds: 7201 }), {
      code: "ValidationError",
      message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      because: /DurationSeconds 7201 is more than the role's maximum of 7200/,
    });
  });

  it("takes no session policy that cannot be read", async () => {
    const token = await laptop.pulumi.mint(claims());
    for (const Policy of ["{", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]}']) {
      await assert.rejects(login(token, { Policy }), { name: "MalformedPolicyDocumentException" });
    }
    const { PackedPolicySize } = await login(token, { Policy: JSON.stringify(allow("s3:GetObject", "*")) });
    assert.ok((PackedPolicySize ?? 0) > 0);
  });

  it("is taken by GET too, as the API has it", async () => {
    const query = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: roleArn,
      RoleSessionName: "alice",
      WebIdentityToken: await laptop.pulumi.mint(claims()),
    });
    const answer = await send(laptop.url, {
      method: "GET",
      path: `/?${query}`,
      headers: { host: "sts.amazonaws.com" },
      body: "",
    });
    assert.equal(answer.status, 200);
    assert.match(
      answer.body,
      /<AssumeRoleWithWebIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">/,
    );
  });

  it("writes no line of its own into the log", async () => {
    const token = await laptop.pulumi.mint(
      claims({ iss: "https://evil.example\nallowed: everything\u001b[2K" }),
    );
    await assert.rejects(login(token));
    const { who, because, error } = laptop.lastDecision;
    for (const text of [who, because, error?.message ?? ""]) {
      assert.ok(!text.includes("\n") && !text.includes("\u001b"), text);
    }
  });

  it("leaves no token in any decision", async () => {
    await login(await laptop.pulumi.mint(claims()));
    assert.ok(laptop.decisions.length > 10);
    assert.ok(!JSON.stringify(laptop.decisions).includes("eyJ"));
  });
});

describe("A GitHub workflow run", () => {
  const laptop = new Laptop();
  const repository = { owner: "acme", name: "app", ownerId: "1001", repositoryId: "2002" };
  before(async () => {
    await laptop.start();
    laptop.registerProviders();
    const trust = (subjects: string[]) =>
      githubTrustPolicy({ providerArn: githubProviderArn, subjects, repositoryId: repository.repositoryId });
    const forms = ["legacy", "immutable"] as const;
    laptop.role(
      "deploy-staging",
      trust(githubSubjects({ repository, forms, context: { kind: "environment", name: "staging" } })),
      allow("s3:ListAllMyBuckets", "*"),
    );
    laptop.role(
      "preview",
      trust(githubSubjects({ repository, forms, context: { kind: "pull_request" } })),
      allow("s3:ListAllMyBuckets", "*"),
    );
  });
  after(() => laptop.stop());

  const pull: Omit<GithubRun, "repository"> = { event: "pull_request", ref: "refs/pull/7/merge" };
  const cases: { title: string; run: Partial<GithubRun>; role: string; because: RegExp; allowed?: true }[] = [
    {
      title: "on main in environment staging gets the deploy role",
      run: { environment: "staging" },
      role: "deploy-staging",
      allowed: true,
      because: /^allowed: trust policy, GithubDeploy: StringEquals .*:sub/,
    },
    {
      title: "that still presents the older subject gets the deploy role",
      run: { environment: "staging", immutableSubject: false },
      role: "deploy-staging",
      allowed: true,
      because: /^allowed/,
    },
    {
      title: "for a pull request gets the preview role",
      run: pull,
      role: "preview",
      allowed: true,
      because: /^allowed/,
    },
    {
      title: "for a pull request gets no deploy role",
      run: pull,
      role: "deploy-staging",
      because: /:sub\n.*pull_request"$/,
    },
    {
      title: "of a fork gets no role",
      run: { ...pull, repository: { owner: "mallory", name: "app", ownerId: "6", repositoryId: "66" } },
      role: "preview",
      because: /\(and 1 more\)/,
    },
    {
      title: "of another repository gets no role",
      run: { environment: "staging", repository: { ...repository, name: "other", repositoryId: "3003" } },
      role: "deploy-staging",
      because: /repository_id|:sub/,
    },
    {
      title: "of a later owner of the repository's name gets no role",
      run: {
        environment: "staging",
        repository: { ...repository, repositoryId: "9009" },
        immutableSubject: false,
      },
      role: "deploy-staging",
      because: /:repository_id\n.*wanted "2002", got "9009"/,
    },
    {
      title: "in another environment gets no role",
      run: { environment: "prod" },
      role: "deploy-staging",
      because: /:sub\n.*environment:prod"$/,
    },
    {
      title: "on main without an environment gets no role",
      run: {},
      role: "deploy-staging",
      because: /:sub\n/,
    },
    {
      title: "for a tag gets no role",
      run: { ref: "refs/tags/v1" },
      role: "deploy-staging",
      because: /:sub\n/,
    },
    {
      title: "that asked for another audience gets no role",
      run: { environment: "staging", audience: "https://github.com/acme" },
      role: "deploy-staging",
      because: /the audience https:\/\/github\.com\/acme is not among/,
    },
  ];
  for (const { title, run, role, allowed = false, because } of cases) {
    it(title, async () => {
      const outcome = laptop.sts().send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: `arn:aws:iam::123456789012:role/${role}`,
          RoleSessionName: "run",
          WebIdentityToken: await laptop.github.mint(githubRunClaims({ repository, ...run })),
        }),
      );
      if (allowed) await outcome;
      else await assert.rejects(outcome, { name: /^(AccessDenied|InvalidIdentityTokenException)$/ });
      assert.equal(laptop.lastDecision.allowed, allowed);
      assert.match(laptop.lastDecision.because, because);
    });
  }
});
