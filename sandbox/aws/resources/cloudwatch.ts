import type { ResourceType } from "../../engine/cloud";
import { type Account, type Alarm, makeArn } from "../account";
import { AwsError } from "../errors";
import { defineResource, type Inputs, nameOf, regionOf } from "./define";

const METRIC = ["metricName", "namespace", "statistic", "extendedStatistic", "period", "dimensions", "unit"];

const COMPARISONS = [
  "GreaterThanOrEqualToThreshold",
  "GreaterThanThreshold",
  "LessThanThreshold",
  "LessThanOrEqualToThreshold",
];

/** `aws.cloudwatch.MetricAlarm`. It is kept; who wants to know whether it rings asks `ringingAlarms`. Its id is its name. */
export function metricAlarmResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "name",
      "alarmDescription",
      "comparisonOperator",
      "evaluationPeriods",
      "datapointsToAlarm",
      "threshold",
      "treatMissingData",
      "alarmActions",
      "okActions",
      "metricQueries",
      "region",
      "tags",
      ...METRIC,
    ],
    check(inputs, request) {
      inputs.require("comparisonOperator", "evaluationPeriods", "threshold");
      const name = nameOf(account, inputs, request.name);
      checkOneOf(inputs, "comparisonOperator", COMPARISONS);
      checkOneOf(inputs, "treatMissingData", ["missing", "ignore", "breaching", "notBreaching"]);
      checkMetrics(inputs);
      return { name, region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const [name, region] = [known.name as string, known.region as string];
      const arn = makeArn(account, "cloudwatch", region, `alarm:${name}`);
      account.alarms.set(arn, alarmOf(name, inputs));
      return { id: name, outputs: { arn } };
    },
    update(inputs, known, { old }) {
      account.alarms.set(String(old.outputs.arn), alarmOf(known.name as string, inputs));
      return {};
    },
    remove: ({ outputs }) => void account.alarms.delete(String(outputs.arn)),
  });
}

function alarmOf(name: string, inputs: Inputs): Alarm {
  const queries = inputs.structures("metricQueries", QUERY) ?? [];
  const metrics = [inputs, ...queries.flatMap((query) => query.structure("metric", QUERY_METRIC) ?? [])];
  return {
    name,
    actions: inputs.texts("alarmActions") ?? [],
    tags: inputs.tags(),
    metrics: metrics.flatMap((metric) => {
      const metricName = metric.text("metricName");
      if (metricName === undefined) return [];
      return [
        {
          namespace: metric.text("namespace") ?? "",
          name: metricName,
          dimensions: metric.textMap("dimensions") ?? {},
          statistic:
            metric === inputs
              ? (inputs.text("statistic") ?? inputs.text("extendedStatistic") ?? "")
              : (metric.text("stat") ?? ""),
        },
      ];
    }),
    threshold: inputs.number("threshold") ?? 0,
    periodSeconds:
      inputs.number("period") ?? queries[0]?.structure("metric", QUERY_METRIC)?.number("period") ?? 60,
  };
}

const QUERY = ["id", "expression", "label", "metric", "returnData"];
const QUERY_METRIC = ["metricName", "namespace", "period", "stat", "dimensions", "unit"];

/** One metric, or queries of which exactly one is compared. */
function checkMetrics(inputs: Inputs): void {
  const queries = inputs.structures("metricQueries", QUERY);
  if (inputs.has("metricQueries") === inputs.has("metricName")) {
    throw invalid("exactly one of metricName and metricQueries must be given");
  }
  if (queries === undefined) {
    if (inputs.has("metricName")) inputs.require("namespace", "period");
    if (inputs.has("statistic") && inputs.has("extendedStatistic")) {
      throw invalid("statistic and extendedStatistic exclude each other");
    }
    return;
  }
  for (const query of queries) {
    query.require("id");
    query.structure("metric", QUERY_METRIC)?.require("metricName", "period", "stat");
    if (query.has("expression") === query.has("metric")) {
      throw invalid("a query has exactly one of expression and metric");
    }
  }
  if (queries.filter((query) => query.flag("returnData") === true).length !== 1) {
    throw invalid("Exactly one element of the metrics list should return data.");
  }
}

function checkOneOf(inputs: Inputs, name: string, values: readonly string[]): void {
  const value = inputs.text(name);
  if (value !== undefined && !values.includes(value)) throw invalid(`${value} is no ${name}`);
}

/** `aws.cloudwatch.Dashboard`. Its id is its name; it belongs to no region. */
export function dashboardResource(account: Account): ResourceType {
  const put = (inputs: Inputs) => {
    const name = inputs.text("dashboardName") as string;
    const arn = makeArn(account, "cloudwatch", "", `dashboard/${name}`);
    account.dashboards.set(arn, { name, body: inputs.text("dashboardBody") as string });
    return { name, arn };
  };
  return defineResource({
    accepts: ["dashboardName", "dashboardBody", "region"],
    check(inputs, request) {
      inputs.require("dashboardName", "dashboardBody");
      const body = inputs.text("dashboardBody");
      if (body !== undefined) checkBody(body);
      return { region: regionOf(account, request, inputs) };
    },
    create(inputs) {
      const { name, arn } = put(inputs);
      return { id: name, outputs: { dashboardArn: arn } };
    },
    update(inputs) {
      put(inputs);
      return {};
    },
    remove: ({ outputs }) => void account.dashboards.delete(String(outputs.dashboardArn)),
  });
}

function checkBody(body: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  if (Array.isArray((parsed as { widgets?: unknown } | undefined)?.widgets)) return;
  throw new AwsError("InvalidParameterInput", "The dashboard body is not JSON with a list of widgets");
}

function invalid(message: string): AwsError {
  return new AwsError("ValidationError", message);
}
