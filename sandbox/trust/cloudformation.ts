import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Tags } from "yaml";
import type { TrustInput } from "../../trust";
import { asFields } from "./fields";
import { readRole } from "./files";

/** What stands for an account and partition that a template leaves open. */
const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::AccountId": "000000000000",
  "AWS::Partition": "aws",
  "AWS::Region": "us-east-1",
  "AWS::URLSuffix": "amazonaws.com",
};

/**
 * Roles and OIDC providers of a CloudFormation template, with each parameter's default in its place: that is what
 * someone gets who copies the template.
 */
export function readTemplate(file: string, content: string): Partial<TrustInput> {
  const lines = new LineCounter();
  const document = parseDocument(content, { logLevel: "silent", lineCounter: lines, customTags: TAGS });
  const template = asFields(document.toJSON());
  const resources = Object.entries(asFields(template.Resources)).map(
    ([id, raw]) => ({ id, ...asFields(raw) }) as Resource,
  );
  const known = new Map<string, string>(Object.entries(PSEUDO));
  for (const [name, parameter] of Object.entries(asFields(template.Parameters))) {
    const { Default } = asFields(parameter);
    if (Default !== undefined) known.set(name, String(Default));
  }
  for (const { id, Type, Properties } of resources) {
    const url = resolve(asFields(Properties).Url, known);
    if (Type === PROVIDER && typeof url === "string")
      known.set(id, `arn:aws:iam::000000000000:oidc-provider/${url.replace(/^https:\/\//, "")}`);
  }
  const placeOf = ({ id }: Resource) => {
    const node = document.getIn(["Resources", id], true);
    const line = isMap(node) && node.range ? lines.linePos(node.range[0]).line : 1;
    return { text: file, file, line };
  };
  return {
    roles: resources
      .filter(({ Type }) => Type === "AWS::IAM::Role")
      .map((one) =>
        readRole(placeOf(one), { RoleName: one.id, ...asFields(resolve(one.Properties, known)) }),
      ),
    providers: resources
      .filter(({ Type }) => Type === PROVIDER)
      .map((one) => {
        const { Url, ClientIdList, ThumbprintList } = asFields(resolve(one.Properties, known));
        return {
          place: placeOf(one),
          url: String(Url),
          audiences: Array.isArray(ClientIdList) ? ClientIdList.map(String) : [],
          thumbprints: Array.isArray(ThumbprintList) ? ThumbprintList.map(String) : [],
          retained: one.DeletionPolicy === "Retain",
          // CloudFormation touches the list only when the template's own changes.
          keepsAudiences: true,
        };
      }),
  };
}

interface Resource {
  readonly id: string;
  readonly Type?: unknown;
  readonly Properties?: unknown;
  readonly DeletionPolicy?: unknown;
}

const PROVIDER = "AWS::IAM::OIDCProvider";

/** The short forms of functions, as the long ones: `!Sub x` is `{Fn::Sub: x}`. */
const TAGS: Tags = [
  "Ref",
  "Sub",
  "GetAtt",
  "If",
  "Join",
  "Equals",
  "Not",
  "Or",
  "And",
  "Select",
  "Split",
  "ImportValue",
  "FindInMap",
  "Base64",
  "GetAZs",
  "Condition",
].flatMap((name) =>
  ([undefined, "map", "seq"] as const).map((collection) => ({
    tag: `!${name}`,
    ...(collection && { collection }),
    resolve: (value: unknown) => ({
      [name === "Ref" || name === "Condition" ? name : `Fn::${name}`]:
        isSeq(value) || isMap(value) || isScalar(value) ? value.toJSON() : value,
    }),
  })),
) as unknown as Tags;

/** A value with what is known put in. Of an `If` it is the first branch: the more specific one by habit. */
function resolve(value: unknown, known: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, known));
  if (typeof value !== "object" || value === null) return value;
  const fields = asFields(value);
  if (typeof fields.Ref === "string") return known.get(fields.Ref) ?? fields.Ref;
  const sub = fields["Fn::Sub"];
  const text = Array.isArray(sub) ? sub[0] : sub;
  if (typeof text === "string")
    return text.replace(/\$\{([\w:.]+)\}/g, (whole, name) => known.get(name) ?? whole);
  const branches = fields["Fn::If"];
  if (Array.isArray(branches)) return resolve(branches[1], known);
  const join = fields["Fn::Join"];
  if (Array.isArray(join) && Array.isArray(join[1]))
    return join[1].map((one) => resolve(one, known)).join(String(join[0]));
  const attribute = fields["Fn::GetAtt"];
  if (attribute !== undefined)
    return known.get(String(attribute).split(/[.,]/)[0] ?? "") ?? String(attribute);
  return Object.fromEntries(Object.entries(fields).map(([key, one]) => [key, resolve(one, known)]));
}
