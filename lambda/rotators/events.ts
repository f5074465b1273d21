import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { Announce, RotationEvent } from "./receipt";

/** What rules match: `{ "source": ["escapement"], "detail-type": ["Rotation succeeded"] }`. */
export const EVENT_SOURCE = "escapement";
export const DETAIL_TYPES: Readonly<Record<RotationEvent["kind"], string>> = {
  succeeded: "Rotation succeeded",
  failed: "Rotation failed",
  overdue: "Rotation overdue",
};

/** PutEvents takes no more at once. */
const MOST = 10;

export interface EventBridgeOptions {
  /** Name or ARN. */
  readonly bus: string;
  /** Hears why events could not be sent. */
  readonly onFailure: (reason: string) => void;
  readonly client?: Pick<EventBridgeClient, "send">;
}

/** Tells by EventBridge. What cannot be sent is not waited for long: a rotation has happened whether or not it is told. */
export function createEventBridgeAnnounce({ bus, onFailure, client }: EventBridgeOptions): Announce {
  const eventBridge =
    client ??
    new EventBridgeClient({
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
    });
  return async (events) => {
    try {
      for (let from = 0; from < events.length; from += MOST) {
        const Entries = events.slice(from, from + MOST).map((event) => entryOf(event, bus));
        const { FailedEntryCount = 0, Entries: results = [] } = await eventBridge.send(
          new PutEventsCommand({ Entries }),
        );
        if (FailedEntryCount > 0) {
          const code = results.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode;
          onFailure(`EventBridge did not take ${FailedEntryCount} events: ${code}`);
          return false;
        }
      }
      return true;
    } catch (error) {
      onFailure(`EventBridge answered ${error instanceof Error ? error.name : typeof error}`);
      return false;
    }
  };
}

function entryOf({ kind, target, environment, receipt, since }: RotationEvent, bus: string) {
  const { announced: _, ...told } = receipt ?? {};
  return {
    EventBusName: bus,
    Source: EVENT_SOURCE,
    DetailType: DETAIL_TYPES[kind],
    Detail: JSON.stringify({ target, environment, ...told, ...(since !== undefined && { since }) }),
  };
}
