export type EngineErrorCode =
  /** `Pulumi.yaml` is missing, or says something that cannot be run here. */
  | "ERR_ENGINE_PROJECT_FILE"
  /** There is no `Pulumi.<stack>.yaml`. */
  | "ERR_ENGINE_STACK_MISSING"
  /** `Pulumi.<stack>.yaml` cannot be read. */
  | "ERR_ENGINE_STACK_FILE"
  /** Values that the project requires are not set. */
  | "ERR_ENGINE_CONFIG_MISSING"
  /** A value that the project gives a type to has another one. */
  | "ERR_ENGINE_CONFIG_TYPE"
  /** Values are encrypted in the stack file and cannot be decrypted here. */
  | "ERR_ENGINE_CONFIG_ENCRYPTED"
  /** `@pulumi/pulumi` is not installed beside the program. */
  | "ERR_ENGINE_SDK_MISSING";

/** Why a stack could not be deployed at all. What goes wrong in a deployment is in `Deployment.failure`. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
