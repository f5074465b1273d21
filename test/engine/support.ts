import path from "node:path";
import { inspect } from "node:util";
import {
  type Cloud,
  type Deployment,
  type DeploymentEvent,
  type DeployOptions,
  deploy,
  type ResourceRequest,
  type ResourceState,
  readStackSettings,
  renderTree,
  Secret,
} from "../../sandbox/engine/index";

export const programs = path.join(__dirname, "fixtures", "programs");
/** What no output may show. */
export const password = "correct horse battery";

/** A cloud with one resource type, one remote component and a few functions; it remembers what it was asked for. */
export function testCloud(): Cloud & { readonly requests: ResourceRequest[] } {
  const requests: ResourceRequest[] = [];
  return {
    requests,
    resources: {
      "test:index:Thing": {
        create(request) {
          requests.push(request);
          if (request.inputs.label === "broken") throw new Error(`no room for ${request.inputs.password}`);
          return {
            id: `${request.name}-id`,
            outputs: { serial: 7, token: new Secret(`token of ${request.name}`) },
          };
        },
        preview(request) {
          requests.push(request);
          return { serial: 7 };
        },
        read: ({ id }) =>
          id === "thing-17" ? { label: "seventeen", password: new Secret(password) } : undefined,
      },
    },
    remoteComponents: {
      "test:index:Network": {
        construct(request) {
          requests.push(request);
          return { networkId: `net-of-${request.inputs.owner}` };
        },
      },
    },
    invokes: {
      "test:index:getRegion": (_args, { provider }) => ({ name: provider?.inputs.region }),
      "test:index:getZone": ({ name, shout }) => ({ zone: shout ? String(name).toUpperCase() : name }),
      "test:index:getMissing": () => {
        throw new Error("there is none");
      },
    },
    stackOutputs: ({ organization, project, stack }) =>
      `${organization}/${project}/${stack}` === "acme/infra/dev"
        ? { url: "https://infra.example", key: new Secret(password) }
        : undefined,
  };
}

export interface Run {
  readonly deployment: Deployment;
  readonly events: readonly DeploymentEvent[];
  readonly requests: readonly ResourceRequest[];
  /** Lines that the program printed. */
  readonly printed: readonly string[];
}

/** Runs one program of the fixtures with Pulumi's own runner. */
export async function run(
  main: string,
  options: Partial<DeployOptions> & {
    readonly stack?: string;
    readonly config?: Record<string, string>;
  } = {},
): Promise<Run> {
  const { stack = "dev", config, ...rest } = options;
  const settings = await readStackSettings({
    directory: programs,
    stack,
    ...(config && { config }),
    secretConfig: { password },
  });
  const cloud = testCloud();
  const events: DeploymentEvent[] = [];
  const deployment = await deploy({
    operation: "up",
    organization: "acme",
    settings: { ...settings, main },
    cloud,
    ...rest,
    onEvent(event) {
      events.push(event);
      rest.onEvent?.(event);
    },
  });
  const printed = events.flatMap((event) => (event.kind === "output" ? [event.line] : []));
  return { deployment, events, requests: cloud.requests, printed };
}

/** Runs all jobs, a few at a time: two cores do not run more than three programs faster. */
export async function runAll<Name extends string>(
  jobs: Record<Name, () => Promise<Run>>,
): Promise<Record<Name, Run>> {
  const waiting = Object.entries(jobs) as [Name, () => Promise<Run>][];
  const runs: Partial<Record<Name, Run>> = {};
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) runs[job[0]] = await job[1]();
  };
  await Promise.all([work(), work(), work()]);
  return runs as Record<Name, Run>;
}

/** Everything that a run shows to anybody: the deployment, what was told on the way, and the tree. */
export function everythingShown({ deployment, events }: Run): string {
  const tree = renderTree({ resources: deployment.resources });
  return [
    JSON.stringify(deployment),
    inspect(deployment, { depth: 20 }),
    JSON.stringify(events),
    ...tree,
  ].join("\n");
}

export function resourceNamed({ deployment }: Run, name: string): ResourceState {
  const found = deployment.resources.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`no resource is named ${name}`);
  return found;
}
