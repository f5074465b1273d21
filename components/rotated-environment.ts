import * as pulumi from "@pulumi/pulumi";
import * as pulumiservice from "@pulumi/pulumiservice";
import { placeholders } from "../esc/environments/index";
import {
  adapterAddresses,
  adapterEnvironmentName,
  rotated,
  rotatedEnvironmentName,
} from "../esc/environments/rotated";
import { type ArgumentIssue, refuse } from "./args";
import { failOnFindings } from "./definition-check";
import { checkAccess, type EscAccessArgs, grantAccess } from "./esc-access";

/** One credential that ESC rotates. */
export interface RotatedEnvironmentArgs {
  /** The Pulumi organization. */
  organization: string;
  /** The ESC project: the middle part of `organization/project/environment`. */
  project: string;
  /** Whose credential it is: part of the environment's name, and of the adapter's. */
  stage: string;
  /** What the credential is called: `database` of `staging` lives in `rotated-staging-database`. */
  name: string;
  /** As the adapter's configuration has it. @default "postgres" */
  rotator?: string;
  /** What `targets` of `AdapterRotate` calls it. @default `name` */
  target?: string;
  /**
   * When ESC rotates it: five fields in UTC, minute, hour, day, month, weekday, such as `0 3 1 * *`. Rotate at most half as
   * often as the slowest consumer looks again. @default only by hand
   */
  scheduleCron?: string;
  /**
   * Which teams may do what with it, as in `EscEnvironmentsArgs`; who rotates by hand needs `write`.
   * @default nothing is declared
   */
  access?: EscAccessArgs[];
}

/**
 * The environment of one rotated credential, and when ESC rotates it. ESC keeps what it was answered in the environment's
 * own definition, and Pulumi's provider replaces definitions whole: so this one is written once, then left alone
 * (`ignoreChanges`), and protected. It refers to the adapter's address in `<project>/<stage>-adapter`, which has to be there
 * first: give it in `dependsOn`.
 *
 * It checks at once and opens after its first rotation (`escapement rotate run --first`); only then can a stage import it.
 *
 * @throws ResourceError for arguments that cannot be used, and for a definition that does not check.
 */
export class RotatedEnvironment extends pulumi.ComponentResource {
  /** `organization/project/rotated-<stage>-<name>` */
  readonly environmentId: pulumi.Output<string>;

  constructor(name: string, args: RotatedEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:RotatedEnvironment", name, {}, opts);
    refuse(checkArgs(args), this);
    const { organization, project, stage } = args;
    const environmentName = rotatedEnvironmentName(args);
    const yaml = rotated(args).render();
    const addresses = adapterAddresses({ stage, rotateUrl: placeholders.adapterUrl }).render();
    const checked = failOnFindings(
      `${project}/${environmentName}`,
      yaml,
      { [`${project}/${adapterEnvironmentName(stage)}`]: addresses },
      this,
    ).then(() => yaml);
    const environment = new pulumiservice.Environment(
      `${name}-environment`,
      {
        organization,
        project,
        name: environmentName,
        yaml: pulumi.output(checked).apply((text) => new pulumi.asset.StringAsset(text)),
      },
      { parent: this, protect: true, ignoreChanges: ["yaml"] },
    );
    const place = { organization, project, environment: environment.name };
    grantAccess(name, args.access ?? [], place, this);
    if (args.scheduleCron !== undefined) {
      new pulumiservice.EnvironmentRotationSchedule(
        `${name}-schedule`,
        { organization, project, environment: environment.name, scheduleCron: args.scheduleCron },
        { parent: this },
      );
    }
    this.environmentId = pulumi.interpolate`${organization}/${project}/${environment.name}`;
    this.registerOutputs({ environmentId: this.environmentId });
  }
}

function checkArgs(args: RotatedEnvironmentArgs): ArgumentIssue[] {
  const { organization, project, stage, name, scheduleCron, access = [] } = args;
  const issues: ArgumentIssue[] = checkAccess(access);
  for (const [path, value] of Object.entries({ organization, project, stage, name })) {
    if (!/^[A-Za-z0-9_.-]{1,60}$/.test(value)) {
      issues.push({ path, reason: `"${value}" must be 1 to 60 of letters, digits and _ . -` });
    }
  }
  if (scheduleCron !== undefined && scheduleCron.trim().split(/\s+/).length !== 5) {
    issues.push({
      path: "scheduleCron",
      reason: `"${scheduleCron}" must be five fields: minute, hour, day, month, weekday, such as "0 3 1 * *"`,
    });
  }
  return issues;
}
