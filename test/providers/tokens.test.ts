import assert from "node:assert/strict";
import { createAwsLoginProvider } from "../../esc/providers/aws-login";
import { createExternalProvider } from "../../esc/providers/external";
import type { SubjectAttribute } from "../../esc/providers/tokens";
import { escAudience } from "../../trust/index";
import { fakeIssuer, type OpenOptions, openWith, SESSION } from "./support";

/** What is opened. The block that asks for a token is the same everywhere; `block` says where it is written. */
interface Opened extends Omit<OpenOptions, "providers" | "definition" | "environments"> {
  /** How the environment with the block is imported, if what is opened does not hold it itself. */
  readonly imports?: string;
}

const attributes = (...names: SubjectAttribute[]) => names;
const named = "pulumi:environments:org:acme:env:";
const attributed = "pulumi:environments:pulumi.organization.login:acme:";

interface Case {
  readonly what: string;
  readonly opened: Opened;
  readonly subjectAttributes?: SubjectAttribute[];
  readonly sub: string;
  /** @default aws:acme */
  readonly aud?: string;
  readonly env: string;
  readonly current: string;
  readonly root: string;
}

const staging = { env: "web/staging", current: "acme/web/staging", root: "acme/web/staging" };
const imported = { env: "app/main", current: "acme/web/staging", root: "acme/app/main" };
const stackImport = { env: "<yaml>", current: "acme/web/staging", root: "acme/web/staging" };

const cases: Case[] = [
  {
    what: "an environment that is opened itself",
    opened: { name: "web/staging" },
    sub: `${named}web/staging`,
    ...staging,
  },
  {
    what: "an environment that is opened itself, by attribute",
    opened: { name: "web/staging" },
    subjectAttributes: attributes("currentEnvironment.name"),
    sub: `${attributed}currentEnvironment.name:web/staging`,
    ...staging,
  },
  {
    what: "an imported environment: the default subject names what was opened",
    opened: { name: "app/main", imports: "web/staging" },
    sub: `${named}app/main`,
    ...imported,
  },
  {
    what: "an imported environment: current is where the block is written, root what was opened",
    opened: { name: "app/main", imports: "web/staging" },
    subjectAttributes: attributes("currentEnvironment.name", "rootEnvironment.name"),
    sub: `${attributed}currentEnvironment.name:web/staging:rootEnvironment.name:app/main`,
    ...imported,
  },
  {
    what: "a stack's import: the default subject is literally <yaml>",
    opened: { imports: "web/staging" },
    sub: `${named}<yaml>`,
    ...stackImport,
  },
  {
    what: "a stack's import: attributes resolve as if it had been opened itself",
    opened: { imports: "web/staging" },
    subjectAttributes: attributes("currentEnvironment.name", "rootEnvironment.name"),
    sub: `${attributed}currentEnvironment.name:web/staging:rootEnvironment.name:web/staging`,
    ...stackImport,
  },
  {
    what: "an import at a tag: the tag is part of the name, as the import spells it",
    opened: { name: "app/main", imports: "web/staging@live" },
    subjectAttributes: attributes("currentEnvironment.name"),
    sub: `${attributed}currentEnvironment.name:web/staging@live`,
    ...imported,
    current: "acme/web/staging@live",
  },
  {
    what: "a stack's import at a tag",
    opened: { imports: "web/staging@live" },
    subjectAttributes: attributes("currentEnvironment.name"),
    sub: `${attributed}currentEnvironment.name:web/staging@live`,
    env: "<yaml>",
    current: "acme/web/staging@live",
    root: "acme/web/staging@live",
  },
  {
    what: "a block in an anonymous definition itself",
    opened: {},
    sub: `${named}<yaml>`,
    env: "<yaml>",
    current: "<yaml>",
    root: "<yaml>",
  },
  {
    what: "the legacy project, which is left out, of the audience too",
    opened: { name: "staging" },
    sub: `${named}staging`,
    aud: "acme",
    env: "staging",
    current: "acme/staging",
    root: "acme/staging",
  },
  {
    what: "the legacy project, spelled out in an import",
    opened: { name: "app/main", imports: "default/staging" },
    subjectAttributes: attributes("currentEnvironment.name"),
    sub: `${attributed}currentEnvironment.name:staging`,
    aud: "acme",
    env: "app/main",
    current: "acme/staging",
    root: "acme/app/main",
  },
  {
    what: "every attribute, in the order in which they are listed",
    opened: { name: "app/main", imports: "web/staging", team: "platform" },
    subjectAttributes: attributes(
      "pulumi.token.team",
      "pulumi.user.login",
      "rootEnvironment.name",
      "pulumi.token.type",
      "currentEnvironment.name",
      "pulumi.organization.login",
    ),
    sub: `${attributed}pulumi.token.team:platform:pulumi.user.login:alice:rootEnvironment.name:app/main:pulumi.token.type:team:currentEnvironment.name:web/staging:pulumi.organization.login:acme`,
    ...imported,
  },
];

const url = "https://adapter.example.com/open?x=1";

async function mint({ opened, subjectAttributes }: Pick<Case, "opened" | "subjectAttributes">) {
  const issuer = fakeIssuer({ openedEnvironment: opened.name ?? "<yaml>" });
  const holder = {
    values: {
      login: {
        "fn::open::aws-login": {
          oidc: {
            roleArn: "arn:aws:iam::123456789012:role/esc-staging",
            sessionName: "esc",
            ...(subjectAttributes && { subjectAttributes }),
          },
        },
      },
      asked: { "fn::open::external": { url } },
    },
  };
  const { imports, ...rest } = opened;
  const evaluation = await openWith({
    ...rest,
    definition: imports === undefined ? holder : { imports: [imports], values: { own: 1 } },
    environments: imports === undefined ? {} : { [imports]: holder },
    providers: {
      "aws-login": createAwsLoginProvider({
        ...issuer,
        audience: escAudience,
        assumeRoleWithWebIdentity: async () => SESSION,
      }),
      external: createExternalProvider({ ...issuer, fetch: async () => Response.json({}) }),
    },
  });
  return { minted: issuer.minted, diagnostics: evaluation.diagnostics.map(({ summary }) => summary) };
}

describe("The tokens that ESC's providers present", () => {
  for (const { what, opened, subjectAttributes, sub, aud = "aws:acme", ...about } of cases) {
    it(`say of ${what}`, async () => {
      const { minted, diagnostics } = await mint({ opened, subjectAttributes });
      assert.deepEqual(diagnostics, []);
      const common = {
        org: "acme",
        env: about.env,
        current_env: about.current,
        root_env: about.root,
        trigger_user: "alice",
      };
      const [toAdapter, toAws] = minted;
      assert.deepEqual(toAws, { ...common, sub, aud });
      assert.deepEqual(toAdapter, {
        ...common,
        sub: `${named}${about.env}`,
        aud: url,
        body_hash: "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=",
      });
      assert.equal(minted.length, 2);
    });
  }

  it("are not made for an attribute that the opener has no value for", async () => {
    const { minted, diagnostics } = await mint({
      opened: { name: "web/staging" },
      subjectAttributes: ["pulumi.token.team"],
    });
    assert.match(diagnostics.join(), /pulumi\.token\.team/);
    assert.equal(minted.length, 1);
  });

  it("without being told what was opened, take the root of each call for it", async () => {
    const issuer = fakeIssuer();
    const fetch = async () => Response.json({});
    await openWith({
      name: "app/main",
      definition: { values: { asked: { "fn::open::external": { url } } } },
      providers: { external: createExternalProvider({ ...issuer, fetch }) },
    });
    assert.equal(issuer.minted[0]?.env, "app/main");
  });
});
