import { environment, otherEnvironment, rotateExternal } from "../definition/index";

/** One credential that ESC rotates through an adapter. */
export interface RotatedOptions {
  /** The ESC project that holds all environments of this project. */
  readonly project: string;
  readonly stage: string;
  /** What the credential is called: `database`. */
  readonly name: string;
  /** As the adapter's configuration has it. @default "postgres" */
  readonly rotator?: string | undefined;
  /** What the adapter's configuration calls the target. @default `name` */
  readonly target?: string | undefined;
}

/** What `<stage>-adapter` holds. */
export interface AdapterAddresses {
  readonly rotate: { readonly url: string };
}

/**
 * One rotated credential, and nothing else: its environment's definition is where ESC keeps the rotation's state, as new
 * revisions that cannot be rolled back. So the text never changes: what may change, the adapter's address, is
 * elsewhere and only referred to. What imports it has `${rotated.<name>.current.…}`.
 */
export function rotated({ project, stage, name, rotator = "postgres", target = name }: RotatedOptions) {
  const { rotate } = otherEnvironment<AdapterAddresses>(`${project}/${adapterEnvironmentName(stage)}`);
  return environment({ description: `The credential ${name} of ${stage}, rotated by ESC` }).value("rotated", {
    [name]: rotateExternal({ url: rotate.url, request: { rotator, target } }),
  });
}

/** Where a stage's adapters are: for environments that may not change when an address does. Nothing secret. */
export function adapterAddresses({
  stage,
  rotateUrl,
}: {
  readonly stage: string;
  readonly rotateUrl: string;
}) {
  return environment({ description: `Where the adapters of ${stage} are` }).value("rotate", {
    url: rotateUrl,
  });
}

/** The last part of the name of the environment that holds one rotated credential. */
export function rotatedEnvironmentName({ stage, name }: Pick<RotatedOptions, "stage" | "name">): string {
  return `rotated-${stage}-${name}`;
}

/** The last part of the name of the environment that holds a stage's addresses. */
export function adapterEnvironmentName(stage: string): string {
  return `${stage}-adapter`;
}

/** Whether an environment, as `project/name`, is one that holds a rotated credential. */
export function isRotatedEnvironment(qualified: string): boolean {
  return /^[^/]+\/rotated-/.test(qualified);
}
