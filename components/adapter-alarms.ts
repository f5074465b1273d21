import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** As the adapter writes them (`lambda/audit/log.ts`). */
const NAMESPACE = "Escapement/Adapter";

const PERIOD_SECONDS = 300;
/** A single refusal is a mistake somewhere; this many are somebody trying. */
const MANY_REFUSALS = 20;

export interface AdapterAlarmsOptions {
  readonly functionName: string;
  readonly timeoutSeconds: number;
  /** ARNs of what is told, an SNS topic for instance. */
  readonly actions: pulumi.Input<pulumi.Input<string>[]> | undefined;
  readonly tags: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
}

type Comparison = Partial<aws.cloudwatch.MetricAlarmArgs> & {
  readonly description: string;
  readonly threshold: number;
};

/** Five alarms, one for each thing that somebody has to look at. Times without requests are not alarming. */
export function createAdapterAlarms(
  name: string,
  options: AdapterAlarmsOptions,
  parent: pulumi.Resource,
): void {
  const { functionName, timeoutSeconds } = options;
  const own = (metricName: string) => ({
    metricName,
    namespace: NAMESPACE,
    dimensions: { service: functionName },
    period: PERIOD_SECONDS,
  });
  const lambda = (metricName: string) => ({
    metricName,
    namespace: "AWS/Lambda",
    dimensions: { FunctionName: functionName },
    period: PERIOD_SECONDS,
  });
  const alarms: Readonly<Record<string, Comparison>> = {
    refusals: {
      description: "Many requests were refused: somebody tries, or an environment or a rule is wrong",
      ...own("Refused"),
      statistic: "Sum",
      threshold: MANY_REFUSALS,
    },
    errors: {
      description:
        "Requests failed: a source, the replay table or the issuer's keys could not be reached, or the function crashed",
      metricQueries: [
        { id: "failed", metric: { ...own("Failed"), stat: "Sum" } },
        { id: "crashed", metric: { ...lambda("Errors"), stat: "Sum" } },
        { id: "errors", expression: "FILL(failed, 0) + FILL(crashed, 0)", label: "Errors", returnData: true },
      ],
      threshold: 1,
    },
    throttles: {
      description: "Lambda turned requests away: the concurrency is used up",
      ...lambda("Throttles"),
      statistic: "Sum",
      threshold: 1,
    },
    duration: {
      description: "The slowest requests come close to the function's time-out",
      ...lambda("Duration"),
      extendedStatistic: "p99",
      threshold: timeoutSeconds * 800,
    },
    "stale-keys": {
      description:
        "The issuer cannot be reached: its last known keys are used, and in a while no token will be taken",
      ...own("StaleKeys"),
      statistic: "Sum",
      threshold: 1,
    },
  };
  createAlarms(name, { ...options, alarms }, parent);
}

/** Two more, for a function that rotates: a rotation that failed is counted here, and as nothing else. */
export function createRotationAlarms(
  name: string,
  options: Omit<AdapterAlarmsOptions, "timeoutSeconds">,
  parent: pulumi.Resource,
): void {
  const own = (metricName: string) => ({
    metricName,
    namespace: NAMESPACE,
    dimensions: { service: options.functionName },
    period: PERIOD_SECONDS,
    statistic: "Sum",
    threshold: 1,
  });
  const alarms = {
    "rotation-failed": {
      description: "A rotation failed. What is in use still works: escapement rotate status says what to do",
      ...own("RotationsFailed"),
    },
    "rotation-overdue": {
      description: "A credential was not rotated for too long: escapement rotate status says which",
      ...own("RotationsOverdue"),
    },
  };
  createAlarms(name, { ...options, alarms }, parent);
}

function createAlarms(
  name: string,
  {
    functionName,
    actions,
    tags,
    alarms,
  }: Omit<AdapterAlarmsOptions, "timeoutSeconds"> & { readonly alarms: Readonly<Record<string, Comparison>> },
  parent: pulumi.Resource,
): void {
  for (const [kind, { description, ...alarm }] of Object.entries(alarms)) {
    new aws.cloudwatch.MetricAlarm(
      `${name}-alarm-${kind}`,
      {
        name: `${functionName}-${kind}`,
        alarmDescription: description,
        ...alarm,
        comparisonOperator: "GreaterThanOrEqualToThreshold",
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
        alarmActions: actions,
        tags,
      },
      { parent },
    );
  }
}

/** What happened, at a glance: outcomes, the function itself, and which codes were refused. */
export function createAdapterDashboard(
  name: string,
  { functionName, logGroup }: { readonly functionName: string; readonly logGroup: aws.cloudwatch.LogGroup },
  parent: pulumi.Resource,
): void {
  new aws.cloudwatch.Dashboard(
    `${name}-dashboard`,
    {
      dashboardName: functionName,
      dashboardBody: pulumi.jsonStringify(
        pulumi
          .all([logGroup.arn, logGroup.name])
          .apply(([arn, group]) => dashboardBody(functionName, { region: arn.split(":")[3] ?? "", group })),
      ),
    },
    { parent },
  );
}

function dashboardBody(functionName: string, { region, group }: { region: string; group: string }) {
  const own = (metric: string) => [NAMESPACE, metric, "service", functionName];
  const lambda = (metric: string, options: object = {}) => [
    "AWS/Lambda",
    metric,
    "FunctionName",
    functionName,
    options,
  ];
  const graph = (title: string, at: number, metrics: unknown[]) => ({
    type: "metric",
    ...{ x: at, y: 0, width: 8, height: 6 },
    properties: { title, region, metrics, stat: "Sum", period: PERIOD_SECONDS, view: "timeSeries" },
  });
  const query = `SOURCE '${group}' | filter message = "refused" | stats count(*) as requests by code, environment | sort requests desc`;
  return {
    widgets: [
      graph("Outcomes", 0, [own("Answered"), own("Refused"), own("Failed"), own("StaleKeys")]),
      graph("Function", 8, [lambda("Invocations"), lambda("Errors"), lambda("Throttles")]),
      graph("Duration", 16, [
        lambda("Duration", { stat: "p50" }),
        lambda("Duration", { stat: "p99" }),
        own("ColdStarts"),
      ]),
      {
        type: "log",
        ...{ x: 0, y: 6, width: 24, height: 6 },
        properties: { title: "Refusals by code", region, query, view: "table" },
      },
    ],
  };
}
