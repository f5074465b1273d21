import * as z from "zod/mini";
import { AdapterError } from "../errors";
import { describeIssues } from "../issues";
import type { Credential } from "./credential";
import type { Target } from "./target";

/** What the adapter has for every rotator. */
export interface RotatorTools {
  /** The text of a Secrets Manager entry: what administers a target lies there, never in the configuration. */
  readonly readSecret: (name: string) => Promise<string>;
}

/** What an author writes for one kind of target. */
export interface RotatorDefinition<
  Settings,
  Request,
  Issued extends Credential,
  Planned extends Credential = Issued,
> {
  /** How requests, access rules and the configuration's `rotators` call it. */
  readonly name: string;
  /** What the configuration says about one target, under `rotators.<name>.<target>`. No secrets. */
  readonly settings: z.ZodMiniType<Settings>;
  /** What `fn::rotate::external`'s `request` may hold besides `rotator` and `target`. @default nothing */
  readonly request?: z.ZodMiniType<Request>;
  /** A credential as it is in the state: what one that is given by hand must look like. Keep its members texts. */
  readonly credential: z.ZodMiniType<Issued>;
  /** What the target consists of, whatever it is called: two targets that share any of it cannot both be configured. */
  readonly identity: (settings: Settings) => readonly string[];
  /**
   * Called once at start for each configured target: load clients here, by `import()`. What it answers makes, for one
   * request, the four functions that the engine calls, `create`, `apply`, `verify` and `revoke`, and `slotOf`.
   */
  readonly connect: (
    settings: Settings,
    tools: RotatorTools,
  ) => Promise<(request: Request) => Target<Issued, Planned>>;
}

/** A rotator as the adapter holds it, whatever its types. */
export interface Rotator {
  readonly name: string;
  readonly settings: z.ZodMiniType;
  /** Of settings that fit. */
  identity(settings: unknown): readonly string[];
  connect(settings: unknown, tools: RotatorTools): Promise<ConnectedTarget>;
}

/** A target that has been started: for each request, the functions that the engine calls. */
export interface ConnectedTarget {
  /** @throws {AdapterError} request_invalid */
  prepare(request: unknown): Target;
}

/** Makes a rotator out of its parts: the schemas are applied around the author's functions. */
export function defineRotator<
  Settings,
  Request,
  Issued extends Credential,
  Planned extends Credential = Issued,
>(definition: RotatorDefinition<Settings, Request, Issued, Planned>): Rotator {
  const { name, settings: settingsSchema, credential: credentialSchema } = definition;
  const requestSchema = definition.request ?? (z.strictObject({}) as unknown as z.ZodMiniType<Request>);
  return {
    name,
    settings: settingsSchema,
    identity: (settings) => definition.identity(settingsSchema.parse(settings)),
    async connect(settings, tools) {
      const targetOf = await definition.connect(settingsSchema.parse(settings), tools);
      return {
        prepare(untrusted) {
          const parsed = requestSchema.safeParse(untrusted);
          if (!parsed.success) {
            const where = describeIssues(parsed.error.issues, "request").join("; ");
            throw new AdapterError(
              "request_invalid",
              `the request does not fit the rotator ${name}: ${where}`,
            );
          }
          const target = targetOf(parsed.data) as unknown as Target;
          return {
            ...target,
            slotOf(given) {
              const credential = credentialSchema.safeParse(given);
              return credential.success ? target.slotOf(credential.data) : undefined;
            },
          };
        },
      };
    },
  };
}
