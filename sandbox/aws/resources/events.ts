import type { ResourceType } from "../../engine/cloud";
import type { Account } from "../account";
import { AwsError } from "../errors";
import { busArn, busName, checkPattern, rateMilliseconds, ruleArn } from "../events";
import { defineResource, nameOf, regionOf, textOf } from "./define";

/** `aws.cloudwatch.EventBus`. Its id is its name. */
export function eventBusResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["name", "description", "region", "tags"],
    check(inputs, request) {
      inputs.require("name");
      return { region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const [name, region] = [inputs.text("name") as string, known.region as string];
      const arn = busArn(account, region, name);
      if (name === "default" || account.eventBuses.has(arn)) {
        throw new AwsError("ResourceAlreadyExistsException", `Event bus ${name} already exists.`);
      }
      account.eventBuses.set(arn, { name, arn, region, tags: inputs.tags() });
      return { id: name, outputs: { arn } };
    },
    remove: (old) => void account.eventBuses.delete(textOf(old, "arn")),
  });
}

/** `aws.cloudwatch.EventRule`: of events by a pattern, or of times by a rate. Its id is its name. */
export function eventRuleResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "name",
      "description",
      "eventBusName",
      "eventPattern",
      "scheduleExpression",
      "state",
      "region",
      "tags",
    ],
    check(inputs, request) {
      const pattern = inputs.text("eventPattern");
      const schedule = inputs.text("scheduleExpression");
      if (!inputs.has("eventPattern") && !inputs.has("scheduleExpression")) {
        throw new AwsError(
          "ValidationException",
          "Parameter(s) EventPattern or ScheduleExpression required.",
        );
      }
      if (pattern !== undefined) checkPattern(pattern);
      if (schedule !== undefined) rateMilliseconds(schedule);
      return {
        name: nameOf(account, inputs, request.name),
        region: regionOf(account, request, inputs),
        tagsAll: inputs.tags(),
      };
    },
    create(inputs, known) {
      const [name, region] = [known.name as string, known.region as string];
      const bus = busName(account, region, inputs.text("eventBusName"));
      const arn = ruleArn(account, region, bus, name);
      account.eventRules.set(arn, {
        ...{ name, arn, region, bus, targets: new Map(), actedAt: account.now() },
        ...contentOf(inputs),
      });
      return { id: bus === "default" ? name : `${bus}/${name}`, outputs: { arn } };
    },
    update(inputs, _, { old }) {
      const rule = account.eventRules.get(String(old.outputs.arn));
      if (!rule) throw new AwsError("ResourceNotFoundException", "The rule does not exist.");
      Object.assign(rule, contentOf(inputs));
      return {};
    },
    remove(old) {
      const arn = textOf(old, "arn");
      if ((account.eventRules.get(arn)?.targets.size ?? 0) > 0) {
        throw new AwsError("ValidationException", "Rule can't be deleted since it has targets.");
      }
      account.eventRules.delete(arn);
    },
  });
}

function contentOf(inputs: {
  text(name: string): string | undefined;
  tags(): Readonly<Record<string, string>>;
}) {
  return {
    pattern: inputs.text("eventPattern"),
    schedule: inputs.text("scheduleExpression"),
    enabled: inputs.text("state") !== "DISABLED",
    description: inputs.text("description") ?? "",
    tags: inputs.tags(),
  };
}

/** `aws.cloudwatch.EventTarget`: one of a rule's. Functions are run; what else there is, is only told of. */
export function eventTargetResource(account: Account): ResourceType {
  const ruleOf = (region: string, rule: string, bus: string) => {
    const found = account.eventRules.get(ruleArn(account, region, bus, rule));
    if (!found)
      throw new AwsError("ResourceNotFoundException", `Rule ${rule} does not exist on EventBus ${bus}.`);
    return found;
  };
  return defineResource({
    accepts: ["rule", "arn", "targetId", "input", "eventBusName", "region"],
    check(inputs, request) {
      inputs.require("rule", "arn");
      return {
        region: regionOf(account, request, inputs),
        targetId: inputs.text("targetId") ?? request.name,
      };
    },
    create(inputs, known) {
      const [region, id] = [known.region as string, known.targetId as string];
      const bus = busName(account, region, inputs.text("eventBusName"));
      const rule = ruleOf(region, inputs.text("rule") as string, bus);
      rule.targets.set(id, { id, arn: inputs.text("arn") as string, input: inputs.text("input") });
      return { id: `${rule.name}-${id}`, outputs: { eventBusName: bus } };
    },
    update(inputs, known) {
      const [region, id] = [known.region as string, known.targetId as string];
      const bus = busName(account, region, inputs.text("eventBusName"));
      ruleOf(region, inputs.text("rule") as string, bus).targets.set(id, {
        id,
        arn: inputs.text("arn") as string,
        input: inputs.text("input"),
      });
      return {};
    },
    remove(old) {
      const arn = ruleArn(account, textOf(old, "region"), textOf(old, "eventBusName"), textOf(old, "rule"));
      account.eventRules.get(arn)?.targets.delete(textOf(old, "targetId"));
    },
  });
}
