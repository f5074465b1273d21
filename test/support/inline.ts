import path from "node:path";
import * as server from "@pulumi/pulumi/automation/server.js";
import { RunRequest, type RunResponse } from "@pulumi/pulumi/proto/language_pb.js";
import type { Runner, RunnerOptions } from "../../sandbox/engine/index";
import "./spare-stacks";

/** What Pulumi's Automation API runs inline programs with; it is not in Pulumi's public types. */
const { LanguageServer } = server as unknown as {
  LanguageServer: new (
    program: () => unknown,
  ) => {
    run(
      call: { request: RunRequest },
      callback: (error?: Error, response?: RunResponse) => void,
    ): Promise<void>;
    onPulumiExit(hasError: boolean): void;
  };
};

/**
 * Runs a program in this process, as Pulumi's Automation API runs one inline: for tests of what comes of a program, by
 * the dozen. That programs run under Pulumi's own runner, and how they fail there, is what the tests of the engine, the
 * main job and the examples prove. It cannot be ended from outside, so it is for programs that come to their end.
 */
export function startInline(options: RunnerOptions): Runner {
  let kill = () => {};
  const killed = new Promise<void>((resolve) => {
    kill = resolve;
  });
  const ended = Promise.race([run(options), killed]).then(
    () => ({ code: 0, signal: null }),
    (error: Error) => {
      options.onLine("stderr", `error: ${error.message}`);
      return { code: 1, signal: null };
    },
  );
  return { pid: undefined, ended, kill };
}

function run({ operation, organization, settings, address }: RunnerOptions): Promise<void> {
  const { project, stack, config, secretConfig } = settings;
  const request = new RunRequest();
  request.setProject(project).setStack(stack).setOrganization(organization);
  request.setDryrun(operation === "preview").setParallel(-1);
  request.setMonitorAddress(address).setArgsList([address]);
  const opened = Object.entries(secretConfig).map(([key, secret]) => [key, secret.reveal()] as const);
  for (const [key, value] of [...Object.entries(config), ...opened]) request.getConfigMap().set(key, value);
  request.setConfigsecretkeysList(Object.keys(secretConfig));
  const language = new LanguageServer(() => load(settings));
  return new Promise<void>((resolve, reject) => {
    void language.run({ request }, (error) => (error ? reject(error) : resolve()));
  });
}

/** Its first module is run anew each time; what that imports is this process's. */
function load({ programDirectory, main }: RunnerOptions["settings"]): unknown {
  const file = require.resolve(path.join(programDirectory, main));
  delete require.cache[file];
  const program: unknown = require(file);
  return typeof program === "function" ? program() : program;
}
