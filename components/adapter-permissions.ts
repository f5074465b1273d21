import type { PolicyDocument, PolicyStatement } from "../trust/index";

/** What the adapter's function works with. */
export interface AdapterResources {
  readonly functionName: string;
  /** What reading takes. */
  readonly reading: readonly PolicyStatement[];
  readonly kmsKeyArn?: string;
  readonly tableArn: string;
  /** None when the address is known before the function. */
  readonly audienceParameter: string | undefined;
  readonly logGroupArn: string;
  readonly inNetwork: boolean;
}

/** What the adapter calls, and nothing else. */
export function adapterPolicy(resources: AdapterResources): PolicyDocument {
  const { functionName, reading, tableArn, audienceParameter, logGroupArn, inNetwork } = resources;
  // Function and parameter are where the table is. Their own ARNs would come too late: the parameter waits for
  // the function's address, and the function for this policy.
  const [, partition, , region, account] = tableArn.split(":");
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  return {
    Version: "2012-10-17",
    Statement: [
      ...reading,
      { Sid: "RememberTokens", Effect: "Allow", Action: "dynamodb:PutItem", Resource: tableArn },
      ...(audienceParameter === undefined ? [] : [readAudience(arn("ssm", `parameter${audienceParameter}`))]),
      {
        Sid: "WriteLogs",
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: `${logGroupArn}:*`,
      },
      ...(inNetwork ? networkStatements(arn("lambda", `function:${functionName}`)) : []),
    ],
  };
}

function readAudience(parameterArn: string): PolicyStatement {
  return { Sid: "ReadAudience", Effect: "Allow", Action: "ssm:GetParameter", Resource: parameterArn };
}

/** What Lambda needs to attach a function to a network. */
export const NETWORK_ACTIONS = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * Lambda attaches a function to a network with the function's own role, and EC2 cannot narrow these actions to a
 * resource. The denial keeps them from the code itself, as Lambda's documentation advises.
 */
function networkStatements(functionArn: string): PolicyStatement[] {
  return [
    { Sid: "AttachToNetwork", Effect: "Allow", Action: NETWORK_ACTIONS, Resource: "*" },
    {
      Sid: "KeepNetworkFromCode",
      Effect: "Deny",
      Action: NETWORK_ACTIONS,
      Resource: "*",
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": functionArn } },
    },
  ];
}
