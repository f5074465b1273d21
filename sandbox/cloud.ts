import { createPulumiStacksProvider, type StackOutputs } from "../esc/providers/pulumi-stacks";
import { type Account, createAccount } from "./aws/account";
import { createAwsCloud } from "./aws/resources";
import {
  containsSecret,
  type Deployment,
  type DeploymentEvent,
  deploy,
  type Operation,
  type PropertyMap,
  plainMap,
  readStackSettings,
} from "./engine/index";
import { createPulumiServiceCloud, EscService } from "./pulumi/index";

export interface LaptopCloudOptions {
  /** The one Pulumi organization there is. @default "acme" */
  readonly organization?: string;
}

export interface DeployStackOptions {
  /** Where the program's `Pulumi.yaml` is. */
  readonly directory: string;
  readonly stack: string;
  readonly operation: Operation;
  /** Values that win over the stack file, as with `--config key=value`. */
  readonly config?: Readonly<Record<string, string>>;
  onEvent?(event: DeploymentEvent): void;
  /** Ends the deployment at once. */
  readonly signal?: AbortSignal;
}

/**
 * The clouds that programs are provisioned into, on this machine and in memory: an AWS account, Pulumi's ESC
 * service, and the outputs of the stacks that were brought up.
 */
export class LaptopCloud {
  readonly organization: string;
  readonly account: Account;
  readonly esc: EscService;
  /** By `project/stack`. */
  readonly #outputs = new Map<string, PropertyMap>();

  constructor({ organization = "acme" }: LaptopCloudOptions = {}) {
    this.organization = organization;
    this.account = createAccount();
    this.esc = new EscService({
      organizations: [organization],
      providers: () => ({
        "pulumi-stacks": createPulumiStacksProvider({
          organization,
          stackOutputs: (_, stack) => this.#stackOutputs(stack),
        }),
      }),
    });
  }

  /**
   * Previews a program or brings it up. What goes wrong in it is the deployment's `failure`.
   *
   * @throws EngineError for a `Pulumi.yaml` or stack file that cannot be used; it names the keys, never values.
   */
  async deploy(options: DeployStackOptions): Promise<Deployment> {
    const settings = await readStackSettings(options);
    const aws = createAwsCloud(this.account);
    const pulumi = createPulumiServiceCloud(this.esc);
    const deployment = await deploy({
      operation: options.operation,
      organization: this.organization,
      settings,
      cloud: {
        resources: { ...aws.resources, ...pulumi.resources },
        invokes: aws.invokes,
        stackOutputs: ({ organization, project, stack }) =>
          organization === this.organization ? this.#outputs.get(`${project}/${stack}`) : undefined,
      },
      onEvent: options.onEvent,
      signal: options.signal,
    });
    if (deployment.ok && options.operation === "up") {
      this.#outputs.set(`${settings.project}/${settings.stack}`, deployment.outputs);
    }
    return deployment;
  }

  #stackOutputs(stack: string): StackOutputs | undefined {
    const outputs = this.#outputs.get(stack);
    return (
      outputs && {
        outputs: plainMap(outputs),
        secretOutputNames: Object.keys(outputs).filter((name) => containsSecret(outputs[name] ?? null)),
      }
    );
  }
}
