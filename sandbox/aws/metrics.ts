import type { Account, AlarmMetric } from "./account";

/**
 * The alarms that ring now, by name, sorted: those of which the sum over the last period reaches the threshold. What functions
 * count is in their logs, in the embedded metric format; what AWS itself counts (errors, throttles, durations) is not
 * counted here, and neither are percentiles.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function ringingAlarms(account: Account): readonly string[] {
  return [...account.alarms.values()]
    .filter(({ metrics, threshold, periodSeconds }) => {
      const sums = metrics
        .filter(({ statistic }) => statistic === "Sum")
        .map((metric) => sumOf(account, metric, account.now() - periodSeconds * 1000));
      return sums.length > 0 && sums.reduce((left, right) => left + right) >= threshold;
    })
    .map(({ name }) => name)
    .sort();
}

function sumOf(account: Account, metric: AlarmMetric, since: number): number {
  let sum = 0;
  for (const { events } of account.logGroups.values()) {
    for (const { at, message } of events) {
      if (at.getTime() >= since && message.includes('"_aws"')) sum += valueIn(message, metric);
    }
  }
  return sum;
}

interface EmbeddedMetrics {
  readonly _aws?: {
    readonly CloudWatchMetrics?: readonly {
      readonly Namespace?: string;
      readonly Dimensions?: readonly (readonly string[])[];
      readonly Metrics?: readonly { readonly Name?: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

function valueIn(message: string, { namespace, name, dimensions }: AlarmMetric): number {
  let line: EmbeddedMetrics;
  try {
    line = JSON.parse(message) as EmbeddedMetrics;
  } catch {
    return 0;
  }
  const isCounted = line._aws?.CloudWatchMetrics?.some(
    ({ Namespace, Dimensions = [], Metrics = [] }) =>
      Namespace === namespace &&
      Metrics.some(({ Name }) => Name === name) &&
      Dimensions.some((names) => names.length === Object.keys(dimensions).length) &&
      Object.entries(dimensions).every(([dimension, value]) => line[dimension] === value),
  );
  const value = isCounted ? line[name] : undefined;
  const values = [value].flat().filter((each): each is number => typeof each === "number");
  return values.reduce((left, right) => left + right, 0);
}
