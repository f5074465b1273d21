import { isMap } from "../../../esc/is-map";
import type { Authorizer } from "../authorize";
import { AwsError } from "../errors";
import { busArn, busName, type SendToFunction, takeEvent } from "../events";
import { jsonProtocol } from "../protocol";
import { type AwsService, jsonHandler } from "../service";

/** Source: EventBridge's API reference, PutEvents. */
const MOST_ENTRIES = 10;

/**
 * EventBridge over an account, as far as an application uses it: `PutEvents`.
 * Source of shapes and errors: the service's API reference, version 2015-10-07.
 */
export function eventsService(authorizer: Authorizer, send: SendToFunction | undefined): AwsService {
  const { account } = authorizer;
  const protocol = jsonProtocol("AWSEvents");
  return {
    signingName: "events",
    protocol,
    handle: jsonHandler(protocol, {
      PutEvents(input, call) {
        const entries = input.objects("Entries");
        if (entries.length === 0 || entries.length > MOST_ENTRIES) {
          throw new AwsError("ValidationException", `Entries must have 1 to ${MOST_ENTRIES} members`);
        }
        const results = entries.map((entry) => {
          const text = (name: string) =>
            typeof entry[name] === "string" ? (entry[name] as string) : undefined;
          const given = text("EventBusName") ?? "default";
          const name = given.replace(/^arn:[^:]*:events:[^:]*:[^:]*:event-bus\//, "");
          authorizer.require(call.caller, call.region, {
            action: "events:PutEvents",
            resource: busArn(account, call.region, name),
            context: {
              ...(text("Source") !== undefined && { "events:source": text("Source") as string }),
              ...(text("DetailType") !== undefined && { "events:detail-type": text("DetailType") as string }),
            },
          });
          const [source, detailType, detail] = [text("Source"), text("DetailType"), text("Detail")];
          if (source === undefined || detailType === undefined || detail === undefined) {
            return {
              ErrorCode: "InvalidArgument",
              ErrorMessage: "Source, DetailType and Detail are required.",
            };
          }
          if (source.startsWith("aws.")) {
            return {
              ErrorCode: "NotAuthorizedForSourceException",
              ErrorMessage: "Not authorized for the source.",
            };
          }
          if (!isJsonObject(detail)) {
            return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
          }
          const { region } = call;
          const bus = busName(account, region, name);
          return { EventId: takeEvent(account, { region, bus, source, detailType, detail }, send).id };
        });
        return {
          Entries: results,
          FailedEntryCount: results.filter((result) => "ErrorCode" in result).length,
        };
      },
    }),
  };
}

function isJsonObject(text: string): boolean {
  try {
    return isMap(JSON.parse(text));
  } catch {
    return false;
  }
}
