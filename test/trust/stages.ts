import {
  type EscSubjectAttribute,
  escAudience,
  escSubjects,
  escTrustPolicy,
  GITHUB_ISSUER,
  githubSubjects,
  githubTrustPolicy,
  oidcProviderArn,
  PULUMI_ISSUER,
  type TrustInput,
  type TrustRole,
} from "../../trust/index";
import { ACCOUNT, policy } from "./support";

const organization = "acme";
const project = "shop";
const subjectAttributes: readonly EscSubjectAttribute[] = ["currentEnvironment.name"];
const pulumi = oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: ACCOUNT });
const github = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });
const repository = { owner: "acme", name: "shop", ownerId: "11", repositoryId: "22" };

const secretArn = (name: string) => `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:${name}-AbCdEf`;
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const functionArn = (name: string) => `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:${name}`;

export interface StageFixture {
  readonly name: string;
  /** What ESC reads itself. */
  readonly stored: number;
  /** What only the adapter reads. */
  readonly asked: number;
}

/** A project as the components build it: per stage a login role, an adapter, entries, a deploy role. */
export function stages(fixtures: readonly StageFixture[]): TrustInput {
  const all = fixtures.map(stage);
  return {
    organization,
    roles: all.flatMap(({ roles }) => roles),
    providers: [PULUMI_ISSUER, GITHUB_ISSUER].map((url) => ({
      place: { text: url },
      url,
      arn: oidcProviderArn({ issuer: url, accountId: ACCOUNT }),
      audiences: url === PULUMI_ISSUER ? ["aws:acme"] : ["sts.amazonaws.com"],
      thumbprints: [],
      retained: true,
      keepsAudiences: true,
    })),
    environments: all.map(({ environment }) => environment),
    permissions: [],
    adapters: all.map(({ adapter }) => adapter),
    entries: all.flatMap(({ entries }) => entries),
    jobs: [],
  };
}

function stage({ name, stored, asked }: StageFixture) {
  const environment = `${project}/${name}`;
  const names = (what: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${environment}/${what}-${index + 1}`);
  const [own, others] = [names("entry", stored), names("partner", asked)];
  const reads = (entries: readonly string[]) => ({
    name: "permissions",
    document: policy({
      Sid: "ReadEntries",
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: entries.map(secretArn),
    }),
  });
  const role = (suffix: string, rest: Pick<TrustRole, "trustPolicy" | "policies">): TrustRole => ({
    place: { text: `${project}-${name}-${suffix}` },
    name: `${project}-${name}-${suffix}`,
    arn: roleArn(`${project}-${name}-${suffix}`),
    managedPolicyArns: [],
    maxSessionSeconds: 7200,
    ...rest,
  });
  const login = role("esc-login", {
    trustPolicy: escTrustPolicy({
      providerArn: pulumi,
      audience: escAudience({ organization, environment }),
      subjects: escSubjects({ organization, environment, subjectAttributes, tags: ["live"] }),
    }),
    policies: [reads(own)],
  });
  const deploy = role("deploy", {
    trustPolicy: githubTrustPolicy({
      providerArn: github,
      subjects: githubSubjects({
        repository,
        forms: ["legacy", "immutable"],
        context: { kind: "environment", name },
      }),
      repositoryId: "22",
    }),
    policies: [
      {
        name: "permissions",
        document: policy({
          Sid: "Functions",
          Effect: "Allow",
          Action: "lambda:UpdateFunctionCode",
          Resource: functionArn(`${project}-${name}-*`),
        }),
      },
    ],
  });
  const runs = role("adapter", {
    trustPolicy: policy({
      Effect: "Allow",
      Principal: { Service: "lambda.amazonaws.com" },
      Action: "sts:AssumeRole",
    }),
    policies: [reads(others)],
  });
  return {
    roles: [login, deploy, runs],
    environment: {
      place: { text: environment },
      organization,
      name: environment,
      logins: [{ roleArn: login.arn ?? "", subjectAttributes, durationSeconds: 3600 }],
      adapterUrls: [],
      imports: [],
    },
    adapter: {
      place: { text: runs.name },
      name: runs.name,
      functionArn: functionArn(runs.name),
      ...(runs.arn !== undefined && { roleArn: runs.arn }),
      config: {
        organization,
        routes: [{ path: "/open", action: "open", audienceParameter: `/${environment}/adapter/audience` }],
        access: [{ environment, action: "open", source: "secrets-manager", names: others }],
      },
    },
    entries: [...own, ...others].map((entry) => ({
      place: { text: entry },
      name: entry,
      arn: secretArn(entry),
    })),
  };
}

/** Three stages with forty entries. */
export const FORTY: readonly StageFixture[] = [
  { name: "qa", stored: 9, asked: 2 },
  { name: "staging", stored: 11, asked: 3 },
  { name: "prod", stored: 11, asked: 4 },
];
