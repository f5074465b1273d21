import { LogFormatter, LogItem, Logger as PowertoolsLogger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Logger } from "./record";

/** Where the adapter's metrics are in CloudWatch. Their one dimension is `service`. */
export const METRICS_NAMESPACE = "Escapement/Adapter";

/** What is counted, by the name it has in CloudWatch; how long it took, Lambda measures itself. */
export const METRICS = {
  answered: "Answered",
  /** Answered with a 4xx. */
  refused: "Refused",
  /** Answered with a 5xx. */
  failed: "Failed",
  coldStarts: "ColdStarts",
  staleKeys: "StaleKeys",
  /** A credential was rotated. */
  rotated: "Rotated",
  /** A rotation was attempted and failed: counted here, and not as refused or failed besides. */
  rotationsFailed: "RotationsFailed",
  /** Targets that the daily look found overdue. */
  rotationsOverdue: "RotationsOverdue",
} as const;

/** What the log is called, and whether it carries metrics. */
export interface AuditLogOptions {
  /** What is logged as `service`, and the metrics' dimension: on Lambda the function's name. */
  readonly service: string;
  /** Whether records carry metrics, which CloudWatch extracts. @default false */
  readonly metrics?: boolean;
}

/**
 * One line of JSON a record on stdout, by Powertools. JSON escapes line ends, so no value can forge a second record.
 *
 * With `metrics` a request's record is also CloudWatch's embedded metric format: the numbers and the reason for them
 * are one line, and nothing is sent while the caller waits.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createAuditLog({ service, metrics: withMetrics = false }: AuditLogOptions): Logger {
  // The level is said here, so that no variable in the environment can silence the audit.
  const logger = new StdoutLogger({
    serviceName: service,
    logLevel: "INFO",
    logFormatter: new FlatFormatter(),
  });
  const metrics = withMetrics
    ? new Metrics({ namespace: METRICS_NAMESPACE, serviceName: service })
    : undefined;
  return (record) => {
    const { level, message, ...rest } = record;
    const counts = metrics === undefined ? {} : countsOf(record);
    if (metrics === undefined || Object.keys(counts).length === 0) logger[level](message, rest);
    else logger[level](message, rest, measure(metrics, counts));
  };
}

/** All on one stream, so that lines stay in order: Powertools' own writes warnings and errors to stderr. */
class StdoutLogger extends PowertoolsLogger {
  protected override printLog(_level: number, log: LogItem): void {
    log.prepareForPrint();
    process.stdout.write(`${JSON.stringify(log.getAttributes())}\n`);
  }
}

/** A record as it is: Powertools' own formatter merges deeply, which takes as long as checking a signature. */
class FlatFormatter extends LogFormatter {
  formatAttributes(
    { logLevel, message, timestamp, serviceName }: Parameters<LogFormatter["formatAttributes"]>[0],
    record: Parameters<LogFormatter["formatAttributes"]>[1],
  ): LogItem {
    const attributes = {
      level: logLevel,
      timestamp: this.formatTimestamp(timestamp),
      message,
      service: serviceName,
      ...record,
    };
    return new LogItem({ attributes });
  }
}

/** What a record counts, by metric. */
function countsOf(record: Parameters<Logger>[0]): Readonly<Record<string, number>> {
  if (record.message === "notice") {
    const { overdue } = record.operation ?? {};
    return overdue === undefined ? {} : { [METRICS.rotationsOverdue]: overdue.length };
  }
  const { status, rotation, cold, staleKeys } = record;
  const outcome = status < 400 ? METRICS.answered : status < 500 ? METRICS.refused : METRICS.failed;
  return {
    ...(rotation?.outcome === "failed" ? { [METRICS.rotationsFailed]: 1 } : { [outcome]: 1 }),
    ...(rotation?.outcome === "rotated" && { [METRICS.rotated]: 1 }),
    ...(cold && { [METRICS.coldStarts]: 1 }),
    ...(staleKeys && { [METRICS.staleKeys]: 1 }),
  };
}

/** What turns a record into metrics, without `service`: the logger writes that itself. */
function measure(metrics: Metrics, counts: Readonly<Record<string, number>>): Record<string, unknown> {
  for (const [name, value] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, value);
  const { service, ...embedded } = metrics.serializeMetrics() as unknown as Record<string, unknown>;
  metrics.clearMetrics();
  return embedded;
}
