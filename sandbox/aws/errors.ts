/**
 * The codes that AWS's services answer with, each with its HTTP status. The same fault has two names: the
 * query protocol (STS) has short ones and often 403, the JSON protocol ones that end in `Exception` and 400.
 * Sources: the services' API models; IAM and STS user guides for what the models leave out.
 */
const statusByCode = {
  // Signature Version 4, query protocol.
  MissingAuthenticationToken: 403,
  IncompleteSignature: 400,
  InvalidClientTokenId: 403,
  SignatureDoesNotMatch: 403,
  ExpiredToken: 403,
  // Signature Version 4, JSON protocol.
  MissingAuthenticationTokenException: 400,
  IncompleteSignatureException: 400,
  UnrecognizedClientException: 400,
  InvalidSignatureException: 400,
  ExpiredTokenException: 400,
  // Authorization.
  AccessDenied: 403,
  AccessDeniedException: 400,
  // Parameters and operations.
  ValidationError: 400,
  ValidationException: 400,
  InvalidAction: 400,
  UnknownOperationException: 400,
  SerializationException: 400,
  RequestEntityTooLargeException: 413,
  InternalFailure: 500,
  // STS.
  InvalidIdentityToken: 400,
  IDPCommunicationError: 400,
  MalformedPolicyDocument: 400,
  // IAM.
  EntityAlreadyExists: 409,
  NoSuchEntity: 404,
  DeleteConflict: 409,
  LimitExceeded: 409,
  // Secrets Manager.
  InvalidParameterException: 400,
  InvalidRequestException: 400,
  InvalidNextTokenException: 400,
  LimitExceededException: 400,
  MalformedPolicyDocumentException: 400,
  PublicPolicyException: 400,
  ResourceExistsException: 400,
  ResourceNotFoundException: 400,
  // SSM.
  InvalidNextToken: 400,
  ParameterAlreadyExists: 400,
  ParameterNotFound: 400,
  ParameterVersionNotFound: 400,
  // Lambda.
  InvalidParameterValueException: 400,
  ResourceConflictException: 409,
  InvalidRequestContentException: 400,
  // EventBridge.
  InvalidEventPatternException: 400,
  // DynamoDB.
  ResourceInUseException: 400,
  // API Gateway.
  BadRequestException: 400,
  ConflictException: 409,
  NotFoundException: 404,
  // CloudWatch.
  InvalidParameterInput: 400,
  // CloudWatch Logs.
  ResourceAlreadyExistsException: 400,
} as const;

export type AwsErrorCode = keyof typeof statusByCode;

/**
 * What AWS refuses, in AWS's words: `code`, `message` and `status` are what the caller gets. Messages carry
 * names and limits, never a secret's value, a token or a key.
 */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly code: AwsErrorCode;

  constructor(code: AwsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The HTTP status that AWS sends with the code. */
  get status(): number {
    return statusByCode[this.code];
  }
}

/**
 * The error of a member that breaks a constraint of the API's model. It does not repeat the value: any member
 * may be a secret.
 */
export function constraint(member: string, text: string): AwsError {
  const name = member.charAt(0).toLowerCase() + member.slice(1);
  return new AwsError(
    "ValidationException",
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: ${text}`,
  );
}
