import { Logger as PowertoolsLogger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Logger, RequestRecord } from "./record";

/** Where the adapter's metrics are in CloudWatch. Their one dimension is `service`. */
export const METRICS_NAMESPACE = "Escapement/Adapter";

/** What is counted, by the name it has in CloudWatch. */
export const METRICS = {
  answered: "Answered",
  /** Answered with a 4xx. */
  refused: "Refused",
  /** Answered with a 5xx. */
  failed: "Failed",
  /** Milliseconds. */
  duration: "Duration",
  coldStarts: "ColdStarts",
  staleKeys: "StaleKeys",
} as const;

export interface AuditLogOptions {
  /** What is logged as `service`, and the metrics' dimension: on Lambda the function's name. */
  readonly service: string;
  /** Whether records carry metrics, which CloudWatch extracts. @default false */
  readonly metrics?: boolean;
}

/**
 * One line of JSON a record, by Powertools: what is refused or failed goes to stderr, the rest to stdout. JSON
 * escapes line ends, so no value can forge a second record.
 *
 * With `metrics` a request's record is also CloudWatch's embedded metric format: the numbers and the reason for them
 * are one line, and nothing is sent while the caller waits.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createAuditLog({ service, metrics: withMetrics = false }: AuditLogOptions): Logger {
  // The level is said here, so that no variable in the environment can silence the audit.
  const logger = new PowertoolsLogger({ serviceName: service, logLevel: "INFO" });
  const metrics = withMetrics
    ? new Metrics({ namespace: METRICS_NAMESPACE, serviceName: service })
    : undefined;
  return (record) => {
    const { level, message, ...rest } = record;
    const measured = metrics !== undefined && record.message !== "notice" && measure(metrics, record);
    logger[level](message, { ...rest, ...measured });
  };
}

/** What turns a record into metrics, without `service`: the logger writes that itself. */
function measure(metrics: Metrics, record: RequestRecord): object {
  const count = (name: string, when: boolean) => metrics.addMetric(name, MetricUnit.Count, when ? 1 : 0);
  count(METRICS.answered, record.status < 400);
  count(METRICS.refused, record.status >= 400 && record.status < 500);
  count(METRICS.failed, record.status >= 500);
  count(METRICS.coldStarts, record.cold);
  count(METRICS.staleKeys, record.staleKeys === true);
  metrics.addMetric(METRICS.duration, MetricUnit.Milliseconds, record.durationMilliseconds);
  const { service, ...embedded } = metrics.serializeMetrics() as unknown as Record<string, unknown>;
  metrics.clearMetrics();
  return embedded;
}
