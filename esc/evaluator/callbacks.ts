import { EvaluatorError } from "./errors";
import type { Task } from "./host";
import { MAX_DEFINITION_BYTES, MAX_RESULT_BYTES } from "./limits";
import { decodeMarked, encodeMarked } from "./secret";
import type { CallContext, Cipher, Decrypter, EvaluateOptions, Provider, Rotator } from "./types";

/** The keys that one evaluation can use: the root's at 0, then that of each import in order of loading. */
type Keys = (Decrypter | undefined)[];

interface Invocation {
  readonly inputs?: unknown;
  readonly state?: unknown;
  readonly name: string;
  readonly currentEnvironment: string;
  readonly rootEnvironment: string;
}

/** Providers and rotators may lack their functions: a check calls none. */
export interface CallbackOptions extends Pick<EvaluateOptions, "loadEnvironment" | "decrypter" | "context"> {
  readonly providers?: Readonly<Record<string, Partial<Provider>>>;
  readonly rotators?: Readonly<Record<string, Partial<Rotator>>>;
  readonly cipher?: Cipher;
}

/** Answers what the shim asks for during one evaluation. */
export function createCallbacks(options: CallbackOptions): Task["call"] {
  const keys: Keys = [options.decrypter];
  const provider = (name: string) => find("provider", options.providers, name);
  const rotator = (name: string) => find("rotator", options.rotators, name);

  return async (op, payload, signal) => {
    switch (op) {
      case "environment":
        return loadEnvironment(options, keys, JSON.parse(payload).name);
      case "provider":
      case "rotator": {
        const { name } = JSON.parse(payload);
        const { inputs, outputs, state }: Partial<Rotator> =
          op === "provider" ? provider(name) : rotator(name);
        return JSON.stringify({ inputs, outputs, state });
      }
      case "encrypt":
      case "decrypt":
        return applyCipher(options, keys, op, JSON.parse(payload));
    }
    const { inputs, state, ...invocation } = decodeMarked(payload, true) as Invocation;
    const call = callContext(options, invocation, payload, signal);
    switch (op) {
      case "open":
        return answer(invocation.name, provider(invocation.name).open?.(inputs, call));
      case "openRotated":
        return answer(invocation.name, rotator(invocation.name).open?.(inputs, state, call));
      case "rotate":
        return answer(invocation.name, rotator(invocation.name).rotate?.(inputs, state, call));
      default:
        throw new Error(`the shim asked for ${op}, which is not known here`);
    }
  };
}

function find<T>(kind: string, all: Readonly<Record<string, T>> = {}, name: string): T {
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (!found) throw new Error(`unknown ${kind} ${JSON.stringify(name)}`);
  return found;
}

async function answer(name: string, value: unknown): Promise<string | EvaluatorError> {
  const text = encodeMarked(await value);
  if (Buffer.byteLength(text) <= MAX_RESULT_BYTES) return text;
  return new EvaluatorError(
    "ERR_ESC_RESULT_TOO_LARGE",
    `the answer of "${name}" is larger than ${MAX_RESULT_BYTES} bytes`,
  );
}

function callContext(
  options: CallbackOptions,
  invocation: Invocation,
  payload: string,
  signal: AbortSignal,
): CallContext {
  let marked: { inputs: unknown; state: unknown } | undefined;
  const decode = () => {
    marked ??= decodeMarked(payload, false) as { inputs: unknown; state: unknown };
    return marked;
  };
  return {
    currentEnvironment: invocation.currentEnvironment,
    rootEnvironment: invocation.rootEnvironment,
    context: options.context ?? {},
    signal,
    get markedInputs() {
      return decode().inputs;
    },
    get markedState() {
      return decode().state;
    },
  };
}

async function loadEnvironment(
  options: CallbackOptions,
  keys: Keys,
  name: string,
): Promise<string | EvaluatorError> {
  if (!options.loadEnvironment)
    throw new Error(`cannot import ${JSON.stringify(name)}: no environments are known here`);
  const { yaml, decrypter } = await options.loadEnvironment(name);
  return checkSize(name, yaml) ?? JSON.stringify({ yaml, decrypter: keys.push(decrypter) - 1 });
}

/** The limit on one definition, told apart by name when it is an import's. */
export function checkSize(name: string, yaml: string): EvaluatorError | undefined {
  const bytes = Buffer.byteLength(yaml);
  if (bytes <= MAX_DEFINITION_BYTES) return undefined;
  return new EvaluatorError(
    "ERR_ESC_TOO_LARGE",
    `the definition of "${name}" has ${bytes} bytes, more than the ${MAX_DEFINITION_BYTES} allowed`,
  );
}

async function applyCipher(
  options: CallbackOptions,
  keys: Keys,
  op: "encrypt" | "decrypt",
  { key, data }: { key: number; data: string },
): Promise<string> {
  const bytes = Buffer.from(data, "base64");
  const result =
    op === "encrypt"
      ? await options.cipher?.encrypt(bytes)
      : await (keys[key] ?? options.cipher)?.decrypt(bytes);
  if (!result) throw new Error("this environment has encrypted secrets and no decrypter was given");
  return JSON.stringify(Buffer.from(result).toString("base64"));
}
